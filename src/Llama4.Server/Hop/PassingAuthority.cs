using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Llama4.Client.Transport;

namespace Llama4.Server.Hop;

/// <summary>Signs the certificates of one bench, in a folder that goes with it.</summary>
internal sealed class PassingAuthority : IDisposable
{
    private static readonly TimeSpan Life = TimeSpan.FromDays(1);

    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-hop-").FullName;
    private byte _serial;

    public PassingAuthority()
    {
        var request = new CertificateRequest("CN=llama4 bench hop", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow - Life, DateTimeOffset.UtcNow + Life);
        File.WriteAllText(AuthorityFile, _certificate.ExportCertificatePem());
    }

    private string AuthorityFile => Path.Combine(_folder, "authority.pem");

    /// <summary>The files of a host that this authority lets in; readable by this user only.</summary>
    public ClusterTls Sign(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        using var signed = request.Create(_certificate, DateTimeOffset.UtcNow - Life / 2, DateTimeOffset.UtcNow + Life / 2, [1, ++_serial]);
        var file = Path.Combine(_folder, $"{name}.pem");
        File.WriteAllText(file, signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        return new ClusterTls(file, AuthorityFile);
    }

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
