using System.Net.Security;

namespace Llama4.Gateway.Tls;

/// <summary>TLS of the public port: the certificate that counts now, and the files in which the next one will stand.</summary>
public sealed class PublicTls
{
    private readonly string _keyFile;
    private volatile PublicCertificate _certificate;

    private PublicTls(string certificateFile, string keyFile)
    {
        CertificateFile = certificateFile;
        _keyFile = keyFile;
        Start = ReadFiles();
        _certificate = PublicCertificate.Read(Start);
    }

    /// <summary>What new connections are shown.</summary>
    public PublicCertificate Certificate => _certificate;

    internal string CertificateFile { get; }

    /// <summary>What the files held at the start.</summary>
    internal PemFiles Start { get; }

    /// <summary>Of files that are read again when they change.</summary>
    /// <param name="certificate">PEM, the leaf first, then who signed it.</param>
    /// <param name="key">PEM, not encrypted.</param>
    /// <exception cref="InvalidDataException">They are no such files, or do not belong together; one line.</exception>
    public static PublicTls OfFiles(string certificate, string key) => new(certificate, key);

    /// <exception cref="InvalidDataException">One of them can't be read; one line.</exception>
    internal PemFiles ReadFiles() => new(CertificateFile, _keyFile);

    /// <summary>From the next handshake on. Connections that are open stay as they are.</summary>
    internal void Replace(PublicCertificate certificate) => _certificate = certificate;

    /// <summary>For one handshake.</summary>
    internal SslServerAuthenticationOptions Accepting() => new() { ServerCertificateContext = _certificate.Context };
}
