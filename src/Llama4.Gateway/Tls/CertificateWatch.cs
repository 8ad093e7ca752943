using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Tls;

/// <summary>
/// Reads the files of the certificate and of its key again each second and takes them up when they have changed: what two readings in a row agree on, so that
/// files that are just being written, or swapped between the two, are not judged. Bytes are compared and not times, which say nothing where a mounted secret changes by a link.
/// A pair that is not good (a key of another certificate, half a file, out of time) leaves the one before in use; it is said once, and again when it is another fault.
/// </summary>
internal sealed partial class CertificateWatch(PublicTls tls, TimeProvider clock, ILogger<CertificateWatch> logger) : BackgroundService
{
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(1);

    private PemFiles _judged = tls.Start;
    private PemFiles _last = tls.Start;
    private PublicCertificate? _next;
    private string? _fault;
    private string? _outOfTime;

    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        using var timer = new PeriodicTimer(Pause, clock);
        do
        {
            Look();
        }
        while (await timer.WaitForNextTickAsync(stopping));
    }

    private void Look()
    {
        try
        {
            Judge(tls.ReadFiles());
            if (_next is { } next)
            {
                TakeUp(next);
            }
        }
        catch (InvalidDataException error)
        {
            if (error.Message != _fault)
            {
                _fault = error.Message;
                Kept(logger, tls.Certificate.Leaf.Subject, tls.Certificate.Leaf.NotAfter.ToUniversalTime(), error.Message);
            }
        }

        var outOfTime = tls.Certificate.OutOfTime(clock.GetUtcNow());
        if (outOfTime is not null && outOfTime != _outOfTime)
        {
            OutOfTime(logger, outOfTime, tls.CertificateFile);
        }

        _outOfTime = outOfTime;
    }

    private void Judge(PemFiles read)
    {
        var isSettled = read.IsSameAs(_last);
        _last = read;
        if (isSettled && !read.IsSameAs(_judged))
        {
            _judged = read;
            _next = null;
            _next = PublicCertificate.Read(read);
        }
    }

    /// <summary>At once, or when its time has come.</summary>
    private void TakeUp(PublicCertificate next)
    {
        if (next.OutOfTime(clock.GetUtcNow()) is { } reason)
        {
            throw new InvalidDataException($"{tls.CertificateFile}: {reason}");
        }

        tls.Replace(next);
        _next = null;
        _fault = null;
        Taken(logger, tls.CertificateFile, next.Leaf.Subject, next.Leaf.NotAfter.ToUniversalTime());
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{File} has changed: new connections are shown {Subject}, valid until {NotAfter:u}")]
    private static partial void Taken(ILogger logger, string file, string subject, DateTime notAfter);

    [LoggerMessage(Level = LogLevel.Warning, Message = "The certificate stays as it was, {Subject}, valid until {NotAfter:u}: {Fault}")]
    private static partial void Kept(ILogger logger, string subject, DateTime notAfter, string fault);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Clients refuse the certificate in use: {Reason}; it is replaced as soon as a good one is in {File}")]
    private static partial void OutOfTime(ILogger logger, string reason, string file);
}
