using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Llama4.Gateway;

/// <summary>What a server shows of itself over TLS.</summary>
/// <param name="Leaf">With its private key.</param>
/// <param name="Chain">What stands behind it in the file: who signed it, and so on.</param>
public sealed record PublicCertificate(X509Certificate2 Leaf, X509Certificate2Collection Chain)
{
    /// <param name="certificate">PEM, the leaf first.</param>
    /// <param name="key">PEM, not encrypted.</param>
    /// <exception cref="InvalidDataException">They are no such files, or do not belong together; one line.</exception>
    public static PublicCertificate Read(string certificate, string key)
    {
        try
        {
            var chain = new X509Certificate2Collection();
            chain.ImportFromPemFile(certificate);
            var leaf = X509Certificate2.CreateFromPemFile(certificate, key);
            chain.Remove(chain.First(one => one.Thumbprint == leaf.Thumbprint));
            return new PublicCertificate(leaf, chain);
        }
        catch (Exception error) when (error is CryptographicException or ArgumentException or IOException or UnauthorizedAccessException or InvalidOperationException)
        {
            throw new InvalidDataException($"expected a certificate in {certificate} and its key in {key}, both PEM: {error.Message}", error);
        }
    }
}
