using System.Security.Cryptography;
using Llama4.Client.Transport;
using Microsoft.Extensions.Logging.Abstractions;

namespace Llama4.Cluster.Tests.Transport;

public sealed class ClusterTlsTests : IDisposable
{
    private readonly TestAuthority _authority = new();

    public void Dispose() => _authority.Dispose();

    [Fact]
    public void Load_WhenAllIsInOrder_Loads() => Should.NotThrow(() => _authority.Sign().Load());

    [Fact]
    public void Load_WhenTheKeyLiesBesideIt_Loads()
    {
        var tls = _authority.Sign();
        var pem = File.ReadAllText(tls.Certificate);
        var key = pem.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal);
        File.WriteAllText(tls.Certificate, pem[..key]);
        Message(tls).ShouldContain("expected the private key in it or in");

        File.WriteAllText(Path.ChangeExtension(tls.Certificate, ".key"), pem[key..]);

        Should.NotThrow(() => tls.Load());
    }

    [Fact]
    public void Load_WhenAFileIsMissing_NamesIt()
    {
        var tls = _authority.Sign();
        Message(tls with { Authority = _authority.File("none.pem") }).ShouldContain("none.pem");
        Message(tls with { Certificate = _authority.File("none.pem") }).ShouldContain("none.pem");
    }

    [Fact]
    public void Load_WhenAFileHoldsNoCertificate_SaysSo()
    {
        var tls = _authority.Sign();
        File.WriteAllText(tls.Authority, "no certificate");
        Message(tls).ShouldContain("expected a certificate in PEM, found none");
    }

    [Fact]
    public void Load_WhenTheKeyIsAnothers_SaysSo()
    {
        var tls = _authority.Sign();
        using var other = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var pem = File.ReadAllText(tls.Certificate);
        File.WriteAllText(tls.Certificate, pem[..pem.IndexOf("-----BEGIN PRIVATE", StringComparison.Ordinal)] + other.ExportPkcs8PrivateKeyPem());
        Message(tls).ShouldContain("not the private key of CN=host");
    }

    [Fact]
    public void Load_WhenAnotherAuthoritySigned_SaysSo()
    {
        using var other = new TestAuthority();
        Message(other.Sign() with { Authority = _authority.AuthorityFile }).ShouldContain("is not a certificate of");
    }

    [Fact]
    public void Load_WhenExpired_SaysSo() => Message(_authority.Sign(daysLeft: -1)).ShouldContain("NotTimeValid");

    [Fact]
    public void Load_WhenForServersOnly_SaysSo() => Message(_authority.Sign(use: "1.3.6.1.5.5.7.3.1")).ShouldContain("for clients");

    [Fact]
    public void Current_WhenTheFilesChange_IsReadAgain()
    {
        var tls = _authority.Sign();
        var current = new CurrentCertificate(tls, NullLogger.Instance);
        var first = current.Get();
        current.Get().ShouldBeSameAs(first);

        _authority.Sign();
        var second = current.Get();
        second.ShouldNotBeSameAs(first);

        var whole = File.ReadAllText(tls.Certificate);
        File.WriteAllText(tls.Certificate, "half of it");
        current.Get().ShouldBeSameAs(second);
        File.Delete(tls.Certificate);
        current.Get().ShouldBeSameAs(second);
        File.WriteAllText(tls.Certificate, whole + "\n");
        current.Get().ShouldNotBeSameAs(second);
    }

    /// <summary>As a kubelet does: the files are links through <c>..data</c>, which is swapped. Neither the links nor, here, the times of what they lead to change.</summary>
    [Fact]
    public void Current_WhenALinkIsSwapped_IsReadAgain()
    {
        var tls = new ClusterTls(_authority.File("tls.crt"), _authority.File("ca.crt"));
        File.CreateSymbolicLink(tls.Certificate, "..data/tls.crt");
        File.CreateSymbolicLink(tls.Authority, "..data/ca.crt");
        Mount("..1");
        var current = new CurrentCertificate(tls, NullLogger.Instance);
        var first = current.Get();

        File.Delete(_authority.File("..data"));
        Mount("..2");

        current.Get().ShouldNotBeSameAs(first);

        void Mount(string folder)
        {
            Directory.CreateDirectory(_authority.File(folder));
            var (own, authority) = (_authority.File(folder + "/tls.crt"), _authority.File(folder + "/ca.crt"));
            File.Copy(_authority.Sign().Certificate, own);
            File.Copy(_authority.AuthorityFile, authority);
            foreach (var file in (string[])[own, authority])
                File.SetLastWriteTimeUtc(file, DateTime.UnixEpoch);
            File.CreateSymbolicLink(_authority.File("..data"), folder);
        }
    }

    [Fact]
    public async Task Current_OfFilesThatStayBroken_SaysSoOnce()
    {
        var tls = _authority.Sign();
        var lines = new LogLines("");
        var current = new CurrentCertificate(tls, lines);

        File.WriteAllText(tls.Certificate, "half of it");
        current.Get();
        current.Get();
        File.Delete(tls.Certificate);
        current.Get();

        (await lines.NextAsync()).ShouldContain("found none");
        (await lines.NextAsync()).ShouldContain("Could not find file");
    }

    /// <summary>One line, which names a file.</summary>
    private static string Message(ClusterTls tls)
    {
        var message = Should.Throw<ClusterTlsException>(() => tls.Load()).Message;
        message.ShouldContain(".pem");
        message.ShouldNotContain("\n");
        return message;
    }
}
