using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Llama4.Client.Transport;

namespace Llama4.Cluster.Tests.Transport;

/// <summary>Signs certificates of hosts for a test, in a folder of its own.</summary>
internal sealed class TestAuthority : IDisposable
{
    private readonly ECDsa _key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    private readonly X509Certificate2 _certificate;
    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-tls-").FullName;
    private byte _serial;

    public TestAuthority()
    {
        var request = new CertificateRequest("CN=test authority", _key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509SubjectKeyIdentifierExtension(request.PublicKey, false));
        _certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddYears(-2), DateTimeOffset.UtcNow.AddYears(2));
        System.IO.File.WriteAllText(AuthorityFile, _certificate.ExportCertificatePem());
    }

    public string AuthorityFile => File("authority.pem");

    /// <summary>The files of a host that this authority lets in.</summary>
    /// <param name="address">That a client may reach it by; null for none.</param>
    public ClusterTls Sign(string name = "host", int daysLeft = 1, string? use = null, IPAddress? address = null)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        if (use is not null)
            request.CertificateExtensions.Add(new X509EnhancedKeyUsageExtension([new Oid(use)], critical: true));
        if (address is not null)
        {
            var names = new SubjectAlternativeNameBuilder();
            names.AddIpAddress(address);
            request.CertificateExtensions.Add(names.Build());
        }
        using var signed = request.Create(_certificate, DateTimeOffset.UtcNow.AddYears(-1), DateTimeOffset.UtcNow.AddDays(daysLeft), [1, ++_serial]);
        var file = File($"{name}.pem");
        System.IO.File.WriteAllText(file, signed.ExportCertificatePem() + "\n" + key.ExportPkcs8PrivateKeyPem());
        return new ClusterTls(file, AuthorityFile);
    }

    public string File(string name) => Path.Combine(_folder, name);

    public void Dispose()
    {
        _certificate.Dispose();
        _key.Dispose();
        Directory.Delete(_folder, recursive: true);
    }
}
