using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using System.Text.RegularExpressions;

namespace Llama4.Gateway.Tls;

/// <summary>What a server shows of itself over TLS.</summary>
public sealed class PublicCertificate
{
    private PublicCertificate(X509Certificate2 leaf, X509Certificate2Collection chain)
    {
        Leaf = leaf;
        Chain = chain;
        Context = SslStreamCertificateContext.Create(leaf, chain);
    }

    /// <summary>With its private key.</summary>
    public X509Certificate2 Leaf { get; }

    /// <summary>What stands behind it in the file: who signed it, and so on.</summary>
    public X509Certificate2Collection Chain { get; }

    /// <summary>For all handshakes, so that clients may resume their sessions for as long as the certificate counts.</summary>
    internal SslStreamCertificateContext Context { get; }

    /// <param name="files">PEM: of the certificate with the leaf first, of the key not encrypted.</param>
    /// <exception cref="InvalidDataException">They are no such files, or do not belong together; one line.</exception>
    internal static PublicCertificate Read(PemFiles files)
    {
        try
        {
            var certificate = Encoding.UTF8.GetString(files.Certificate);
            var leaf = X509Certificate2.CreateFromPem(certificate, Encoding.UTF8.GetString(files.Key));
            var chain = new X509Certificate2Collection();
            chain.ImportFromPem(certificate);
            var begun = Regex.Count(certificate, "^-----BEGIN CERTIFICATE", RegexOptions.Multiline);
            if (chain.Count != begun)
            {
                throw new CryptographicException($"{begun} certificates begin there and {chain.Count} are whole");
            }

            chain.Remove(chain.First(one => one.Thumbprint == leaf.Thumbprint));
            return new PublicCertificate(leaf, chain);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException)
        {
            throw files.NotThat(error);
        }
    }

    /// <summary>Why clients refuse it at a time; null if its time is not why.</summary>
    internal string? OutOfTime(DateTimeOffset now) =>
        now > Leaf.NotAfter ? $"{Leaf.Subject} expired at {Leaf.NotAfter.ToUniversalTime():u}"
        : now < Leaf.NotBefore ? $"{Leaf.Subject} is valid only from {Leaf.NotBefore.ToUniversalTime():u} on"
        : null;
}
