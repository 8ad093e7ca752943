using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Llama4.Gateway.Tests.Tls;

/// <summary>A certificate of localhost that signs itself, and its key.</summary>
/// <param name="Certificate">PEM.</param>
/// <param name="Key">PEM.</param>
/// <param name="Thumbprint">By which a client may know it.</param>
internal sealed record TestCertificate(string Certificate, string Key, string Thumbprint)
{
    /// <param name="days">From and until when it is valid, from now.</param>
    public static TestCertificate New(double from = -1, double days = 1)
    {
        using var pair = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var made = new CertificateRequest("CN=localhost", pair, HashAlgorithmName.SHA256)
            .CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(from), DateTimeOffset.UtcNow.AddDays(days));
        return new TestCertificate(made.ExportCertificatePem() + "\n", pair.ExportPkcs8PrivateKeyPem() + "\n", made.Thumbprint);
    }
}
