using Microsoft.Extensions.Logging;

namespace Llama4.Client.Transport;

/// <summary>
/// The certificate that counts now: read again when what its files hold has changed, so that it is renewed without a restart. Bytes are compared and not times, which say nothing
/// where a mounted secret changes by a link. Files that are not in order (half of them written, say) leave the one before in force and are tried again at the next handshake. Open
/// connections stay as they are.
/// </summary>
internal sealed partial class CurrentCertificate
{
    private readonly Lock _reading = new();
    private readonly ClusterTls _files;
    private readonly ILogger _logger;
    private byte[] _digest;
    private HostCertificate _certificate;
    private string? _fault;

    /// <exception cref="ClusterTlsException">The files are not in order.</exception>
    public CurrentCertificate(ClusterTls files, ILogger logger)
    {
        _files = files;
        _logger = logger;
        _digest = files.Digest();
        _certificate = files.Load();
    }

    /// <summary>For the next handshake.</summary>
    public HostCertificate Get()
    {
        lock (_reading)
        {
            try
            {
                var digest = _files.Digest();
                if (!digest.AsSpan().SequenceEqual(_digest))
                {
                    _certificate = _files.Load();
                    _digest = digest;
                    Renewed(_logger, _files.Certificate);
                }
                _fault = null;
            }
            catch (ClusterTlsException error)
            {
                if (error.Message != _fault)
                    NotRenewed(_logger, error.Message);
                _fault = error.Message;
            }
            return _certificate;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Certificate} has changed: new connections use it")]
    private static partial void Renewed(ILogger logger, string certificate);

    [LoggerMessage(Level = LogLevel.Error, Message = "Changed certificates are not used: {Reason}")]
    private static partial void NotRenewed(ILogger logger, string reason);
}
