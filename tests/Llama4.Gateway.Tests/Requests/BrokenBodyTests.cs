using System.Net.Sockets;
using System.Text;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>Bodies that are no HTTP are their sender's mistake: no fault of the gateway is logged or counted, so that no alert rings.</summary>
public class BrokenBodyTests
{
    private const string Head = "POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";

    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(60);

    [Fact]
    public async Task Chunks_ThatAreNone_Give400()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        using var client = await SendAsync(gateway, "Transfer-Encoding: chunked\r\n\r\nZZ\r\n");
        using var deadline = new CancellationTokenSource(Hang);

        var answer = await new StreamReader(client.GetStream()).ReadToEndAsync(deadline.Token); // the connection is not used again

        answer.ShouldStartWith("HTTP/1.1 400 Bad Request");
        answer.ShouldContain("\"code\":\"invalid_body\"");
    }

    /// <summary>It goes once the gateway reads: only then is there a request at all.</summary>
    [Theory]
    [InlineData("Content-Length: 10\r\n", "{\"a\"")]
    [InlineData("Transfer-Encoding: chunked\r\n", "4\r\n{\"a\"\r\n")]
    public async Task Body_WhoseSenderGoesAway_IsNoFaultOfTheGateway(string header, string part)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        using var client = await SendAsync(gateway, header + "Expect: 100-continue\r\n\r\n");
        using var deadline = new CancellationTokenSource(Hang);
        (await new StreamReader(client.GetStream()).ReadLineAsync(deadline.Token)).ShouldBe("HTTP/1.1 100 Continue");
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(part));

        client.Client.Shutdown(SocketShutdown.Send);

        var ended = await EndOfRequestAsync(gateway);
        (ended.Contains("finish invalid_body") || ended.Contains("finish client_gone")).ShouldBeTrue(ended); // by which of the two is seen first
        gateway.Logs.Lines.ShouldNotContain(line => line.Contains(" failed"));
    }

    private static async Task<TcpClient> SendAsync(TestGateway gateway, string rest)
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", gateway.Http.BaseAddress!.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(Head + rest));
        return client;
    }

    private static async Task<string> EndOfRequestAsync(TestGateway gateway)
    {
        using var deadline = new CancellationTokenSource(Hang);
        string? line;
        while ((line = gateway.Logs.Lines.FirstOrDefault(line => line.Contains(" finish "))) is null)
        {
            await Task.Delay(5, deadline.Token);
        }

        return line;
    }
}
