using System.Net;
using System.Net.Sockets;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

/// <summary>Both versions of HTTP on one plain port.</summary>
public class Http2Tests
{
    private const string Path = "/v1/chat/completions";
    private const string Body = """{"model":"scout-nano","messages":[{"role":"user","content":"x"}]}""";

    [Theory]
    [InlineData("1.0")]
    [InlineData("1.1")]
    [InlineData("2.0")]
    public async Task Version_IsTheOneThatWasAskedFor(string version)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Paris."));

        using var response = await gateway.Http.SendAsync(Post(version, Body));

        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Version.ShouldBe(version == "1.0" ? new Version(1, 1) : Version.Parse(version)); // Kestrel answers 1.0 in 1.1, as RFC 9112 lets it
        Json.Parse(await response.Content.ReadAsStringAsync()).At("choices.0.message.content").GetString().ShouldBe("Paris.");
    }

    [Fact]
    public async Task Streams_RunBesideEachOtherInOneConnection()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        using var first = await gateway.Http.SendAsync(Post("2.0", Body[..^1] + ",\"stream\":true}"), HttpCompletionOption.ResponseHeadersRead);
        var firstGeneration = await cluster.NextAsync();
        using var second = await gateway.Http.SendAsync(Post("2.0", Body[..^1] + ",\"stream\":true}"), HttpCompletionOption.ResponseHeadersRead);
        var secondGeneration = await cluster.NextAsync();

        secondGeneration.Text("two");
        secondGeneration.Token(ScoutNano.Eot, FinishReason.Stop);
        (await second.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
        firstGeneration.Text("one");
        firstGeneration.Token(ScoutNano.Eot, FinishReason.Stop);
        (await first.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public async Task Stream_WhenItsClientGoesAway_FreesItsSequenceAndNoOther()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        using var stays = await gateway.Http.SendAsync(Post("2.0", Body[..^1] + ",\"stream\":true}"), HttpCompletionOption.ResponseHeadersRead);
        var staying = await cluster.NextAsync();
        var goes = await gateway.Http.SendAsync(Post("2.0", Body[..^1] + ",\"stream\":true}"), HttpCompletionOption.ResponseHeadersRead);
        var going = await cluster.NextAsync();

        goes.Dispose();

        await going.Disposed.WaitAsync(TimeSpan.FromSeconds(30));
        staying.Disposed.IsCompleted.ShouldBeFalse();
        staying.Token(ScoutNano.Eot, FinishReason.Stop);
        (await stays.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public async Task Stream_ThatIsNotRead_IsCutOffAndHoldsUpNoOtherOfItsConnection()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(
            cluster, options => options with { Limits = new GatewayLimits { StalledReaderLimit = TimeSpan.FromMilliseconds(300) } });
        using var stalled = await gateway.Http.SendAsync(Post("2.0", Body[..^1] + ",\"stream\":true}"), HttpCompletionOption.ResponseHeadersRead);
        var slow = await cluster.NextAsync();
        using var other = await gateway.Http.SendAsync(Post("2.0", Body[..^1] + ",\"stream\":true}"), HttpCompletionOption.ResponseHeadersRead);
        var quick = await cluster.NextAsync();

        // 20,000 events of 200 bytes are more than the stream's window and the server's buffer hold.
        for (var i = 0; i < 20_000; i++)
        {
            slow.Token(100);
        }

        await slow.Disposed.WaitAsync(TimeSpan.FromSeconds(60));
        quick.Text("done");
        quick.Token(ScoutNano.Eot, FinishReason.Stop);
        (await other.Content.ReadAsStringAsync()).ShouldEndWith("data: [DONE]\n\n");
        await gateway.App.StopAsync();
        gateway.Logs.Lines.ShouldContain(line => line.Contains("finish client_stalled"));
    }

    [Theory]
    [InlineData("P", "OST", "HTTP/1.1 405")]
    [InlineData("PRI", " nonsense", "HTTP/1.1 400")]
    [InlineData("PRI * HTTP/2.0\r\n\r\nS", "X", "\0\0\u0008\u0007")] // Kestrel's word for it is a GOAWAY frame: HTTP/1.1 is wanted
    [InlineData("\0\u0001\u0002", "", "HTTP/1.1 400")]
    public async Task Connection_WhenItBeginsLikeThePrefaceAndIsNot_IsAnsweredByHttp1(string begin, string rest, string expected)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Http.BaseAddress!.Port);
        var stream = socket.GetStream();

        await stream.WriteAsync(Encoding.Latin1.GetBytes(begin));
        await stream.WriteAsync(Encoding.Latin1.GetBytes(rest + " /health/live HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"));

        var answer = await new StreamReader(stream, Encoding.Latin1).ReadToEndAsync().WaitAsync(TimeSpan.FromSeconds(30));
        answer.ShouldStartWith(expected);
    }

    [Fact]
    public async Task Server_WhenAConnectionSaysNothing_StopsAllTheSame()
    {
        var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));
        using var socket = new TcpClient();
        await socket.ConnectAsync(IPAddress.Loopback, gateway.Http.BaseAddress!.Port);
        await gateway.Http.GetAsync("/health/live"); // the server has taken the first connection by now, or takes it during its stop

        await gateway.App.StopAsync().WaitAsync(TimeSpan.FromSeconds(30));

        (await socket.GetStream().ReadAsync(new byte[1]).AsTask().WaitAsync(TimeSpan.FromSeconds(30))).ShouldBe(0);
        await gateway.DisposeAsync();
    }

    private static HttpRequestMessage Post(string version, string body) => new(HttpMethod.Post, Path)
    {
        Version = Version.Parse(version),
        VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        Content = new StringContent(body, Encoding.UTF8, "application/json"),
    };
}
