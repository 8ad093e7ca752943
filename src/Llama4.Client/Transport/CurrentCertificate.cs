using Microsoft.Extensions.Logging;

namespace Llama4.Client.Transport;

/// <summary>
/// The certificate that counts now: read again when its files have changed, so that it is renewed without a restart. Files that are not in order
/// (half of them written, say) leave the one before in force. Open connections stay as they are.
/// </summary>
internal sealed partial class CurrentCertificate(ClusterTls files, ILogger logger)
{
    private readonly Lock _reading = new();
    private DateTime _written = files.LastWritten();
    private HostCertificate _certificate = files.Load();

    /// <summary>For the next handshake.</summary>
    public HostCertificate Get()
    {
        lock (_reading)
        {
            var written = files.LastWritten();
            if (written == _written)
                return _certificate;
            _written = written;
            try
            {
                _certificate = files.Load();
                Renewed(logger, files.Certificate);
            }
            catch (ClusterTlsException error)
            {
                NotRenewed(logger, error.Message);
            }
            return _certificate;
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "{Certificate} has changed: new connections use it")]
    private static partial void Renewed(ILogger logger, string certificate);

    [LoggerMessage(Level = LogLevel.Error, Message = "Changed certificates are not used: {Reason}")]
    private static partial void NotRenewed(ILogger logger, string reason);
}
