using System.Net;
using System.Net.Security;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Gateway.Tls;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Tests.Tls;

public sealed class TlsTests : IDisposable
{
    private const string Body = """{"model":"scout-nano","prompt":"a","stream":true}""";

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-tls").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Theory]
    [InlineData(1, 1)]
    [InlineData(2, 0)]
    public async Task Tls_SpeaksWhatTheClientOffers(int major, int minor)
    {
        var (certificate, key) = WriteCertificate();
        var read = PublicTls.OfFiles(certificate, key);
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseLlama4Kestrel(IPAddress.Loopback, 0, ScoutNano.Options.Limits, read);
        builder.Services.AddSingleton<IGenerationClient>(ScriptedClient.Saying("Hello.")).AddLlama4Gateway(ScoutNano.Options);
        await using var app = builder.Build();
        app.MapLlama4Gateway();
        var address = await app.StartLlama4Async(IPAddress.Loopback, 0);
        address.Scheme.ShouldBe("https");
        using var handler = new SocketsHttpHandler
        {
            SslOptions = new SslClientAuthenticationOptions { RemoteCertificateValidationCallback = (_, shown, _, _) => shown!.GetCertHashString() == read.Certificate.Leaf.Thumbprint },
        };
        using var http = new HttpClient(handler) { BaseAddress = address, Timeout = TimeSpan.FromSeconds(60) };

        var version = new Version(major, minor);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/completions")
        {
            Version = version, VersionPolicy = HttpVersionPolicy.RequestVersionExact, Content = new StringContent(Body, null, "application/json"),
        };
        using var response = await http.SendAsync(request);

        response.Version.ShouldBe(version);
        (await response.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public void Certificate_WithTheKeyOfAnother_IsOneLine()
    {
        var (certificate, _) = WriteCertificate();
        var (_, key) = WriteCertificate();
        Should.Throw<InvalidDataException>(() => PublicTls.OfFiles(certificate, key)).Message.ShouldStartWith($"expected a certificate in {certificate} and its key in {key}");
    }

    [Fact]
    public void Certificate_WithItsSignerBehindIt_ShowsBoth()
    {
        var (certificate, key) = WriteCertificate();
        var (signer, _) = WriteCertificate();
        File.AppendAllText(certificate, "\n" + File.ReadAllText(signer));

        PublicTls.OfFiles(certificate, key).Certificate.Chain.ShouldHaveSingleItem();

        File.AppendAllText(certificate, File.ReadAllText(signer)[..100]);
        Should.Throw<InvalidDataException>(() => PublicTls.OfFiles(certificate, key)).Message.ShouldEndWith("3 certificates begin there and 2 are whole");
    }

    private (string Certificate, string Key) WriteCertificate()
    {
        var made = TestCertificate.New();
        var name = Path.Combine(_folder, Path.GetRandomFileName());
        File.WriteAllText(name + ".crt", made.Certificate);
        File.WriteAllText(name + ".key", made.Key);
        return (name + ".crt", name + ".key");
    }
}
