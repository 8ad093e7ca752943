using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace Llama4.Client.Transport;

/// <summary>
/// TLS between the hosts of a cluster, both sides with a certificate. A host is let in by who signed its certificate, not by its name: hosts come
/// and go, and with them their addresses. So the authority signs for this one cluster and for nothing else.
/// </summary>
/// <param name="Certificate">PEM file of this host: its certificate, those between it and the authority if any, and its private key, which may
/// also lie beside it in a file with the ending <c>.key</c>.</param>
/// <param name="Authority">PEM file with the certificate of who signs for this cluster; several while one takes over from the other.</param>
public sealed record ClusterTls(string Certificate, string Authority)
{
    private const string ServerUse = "1.3.6.1.5.5.7.3.1";
    private const string ClientUse = "1.3.6.1.5.5.7.3.2";

    /// <summary>Reads both files, and checks that other hosts would take this one in.</summary>
    /// <exception cref="ClusterTlsException">Names the file and what is wrong with it, in one line.</exception>
    internal HostCertificate Load()
    {
        var authorities = ReadCertificates(Authority);
        var chain = ReadCertificates(Certificate);
        var own = WithKey(chain[0]);
        var between = new X509Certificate2Collection(chain.Skip(1).ToArray());
        Check(own, between, authorities);
        return new HostCertificate(own, between, authorities);
    }

    /// <summary>Of what the files hold: another one means that they are to be loaded again.</summary>
    /// <exception cref="ClusterTlsException">One of them can't be read.</exception>
    internal byte[] Digest()
    {
        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (var file in (string[])[Certificate, Authority, KeyFile])
        {
            try
            {
                digest.AppendData(SHA256.HashData(File.ReadAllBytes(file)));
            }
            catch (FileNotFoundException) when (file == KeyFile)
            {
                // the key stands in the certificate's file
            }
            catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException)
            {
                throw new ClusterTlsException($"{file}: {unreadable.Message}", unreadable);
            }
        }
        return digest.GetHashAndReset();
    }

    private string KeyFile => Path.ChangeExtension(Certificate, ".key");

    private static X509Certificate2Collection ReadCertificates(string file)
    {
        var found = new X509Certificate2Collection();
        try
        {
            found.ImportFromPemFile(file);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or CryptographicException)
        {
            throw new ClusterTlsException($"{file}: {unreadable.Message}", unreadable);
        }
        return found.Count > 0 ? found : throw new ClusterTlsException($"{file}: expected a certificate in PEM, found none");
    }

    private X509Certificate2 WithKey(X509Certificate2 certificate)
    {
        var holder = File.ReadAllText(Certificate).Contains("PRIVATE KEY-----", StringComparison.Ordinal) ? Certificate : KeyFile;
        if (!File.Exists(holder))
            throw new ClusterTlsException($"{Certificate}: expected the private key in it or in {KeyFile}, found neither");
        try
        {
            return X509Certificate2.CreateFromPemFile(Certificate, holder);
        }
        catch (Exception unusable) when (unusable is IOException or UnauthorizedAccessException or CryptographicException or ArgumentException)
        {
            throw new ClusterTlsException($"{holder}: not the private key of {certificate.Subject} in {Certificate}: {unusable.Message}", unusable);
        }
    }

    private void Check(X509Certificate2 own, X509Certificate2Collection between, X509Certificate2Collection authorities)
    {
        foreach (var use in (string[])[ServerUse, ClientUse])
        {
            using var chain = new X509Chain { ChainPolicy = HostCertificate.NewPolicy(authorities) };
            chain.ChainPolicy.ExtraStore.AddRange(between);
            chain.ChainPolicy.ApplicationPolicy.Add(new Oid(use));
            if (!chain.Build(own))
                throw new ClusterTlsException(
                    $"{Certificate}: {own.Subject} is not a certificate of {Authority} for {(use == ServerUse ? "servers" : "clients")}: {HostCertificate.Reasons(chain)}");
        }
    }
}

/// <summary>The files of <see cref="ClusterTls"/> are not what they should be.</summary>
public sealed class ClusterTlsException(string message, Exception? inner = null) : Exception(message, inner);
