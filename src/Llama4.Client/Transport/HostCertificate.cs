using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;

namespace Llama4.Client.Transport;

/// <summary>What this host shows to others, and how it judges what they show. No authority of the system counts, only the cluster's.</summary>
internal sealed class HostCertificate
{
    private readonly X509Certificate2Collection _authorities;
    private readonly SslStreamCertificateContext _own;

    public HostCertificate(X509Certificate2 own, X509Certificate2Collection between, X509Certificate2Collection authorities)
    {
        _authorities = authorities;
        _own = SslStreamCertificateContext.Create(own, between, offline: true);
    }

    public SslServerAuthenticationOptions Accepting() => new()
    {
        ServerCertificateContext = _own,
        ClientCertificateRequired = true,
        CertificateChainPolicy = NewPolicy(_authorities),
        RemoteCertificateValidationCallback = IsOfThisCluster,
        EnabledSslProtocols = SslProtocols.Tls13 | SslProtocols.Tls12,
        AllowRenegotiation = false,
    };

    public SslClientAuthenticationOptions Connecting(string target) => new()
    {
        TargetHost = target,
        ClientCertificateContext = _own,
        CertificateChainPolicy = NewPolicy(_authorities),
        RemoteCertificateValidationCallback = IsOfThisCluster,
        EnabledSslProtocols = SslProtocols.Tls13 | SslProtocols.Tls12,
        AllowRenegotiation = false,
    };

    /// <summary>A new one for each use: what checks a chain adds to it.</summary>
    public static X509ChainPolicy NewPolicy(X509Certificate2Collection authorities)
    {
        var policy = new X509ChainPolicy
        {
            TrustMode = X509ChainTrustMode.CustomRootTrust,
            RevocationMode = X509RevocationMode.NoCheck, // a cluster's authority publishes no list; who is out is out by a new authority
            DisableCertificateDownloads = true,
        };
        policy.CustomTrustStore.AddRange(authorities);
        return policy;
    }

    public static string Reasons(X509Chain chain) =>
        string.Join(", ", chain.ChainStatus.Select(status => status.Status).Distinct());

    /// <summary>Names are not compared: the authority signs for this cluster alone.</summary>
    private static bool IsOfThisCluster(object sender, X509Certificate? certificate, X509Chain? chain, SslPolicyErrors errors) =>
        certificate is not null && (errors & ~SslPolicyErrors.RemoteCertificateNameMismatch) == SslPolicyErrors.None;
}
