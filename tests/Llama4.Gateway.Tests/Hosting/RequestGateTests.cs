using System.Net;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Hosting;

public class RequestGateTests
{
    private const string Path = "/v1/completions";
    private const string Body = """{"model":"scout-nano","prompt":"a"}""";

    [Fact]
    public async Task Gate_WhenFull_Gives429AtOnceAndLetsInAgainWhenOneHasLeft()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster, With(new GatewayLimits { ConcurrentRequestsMax = 1 }));
        var first = gateway.PostAsync(Path, Body);
        var generation = await cluster.NextAsync();

        using (var refused = await gateway.PostAsync(Path, Body))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        generation.End(FinishReason.Stop);
        (await first).StatusCode.ShouldBe(HttpStatusCode.OK);
        await UntilLeftAsync(gateway, cluster);
    }

    [Fact]
    public void Gate_WhenNearlyFull_KeepsItsLastPlacesForOthers()
    {
        var limits = new GatewayLimits { ConcurrentRequestsMax = 6, ConcurrentPerCallerMax = 2 };
        using var gate = new RequestGate(ScoutNano.Options with { Limits = limits }, new Readiness());
        for (var i = 0; i < 4; i++)
        {
            gate.Enter("greedy"); // alone, it may have more than two
        }

        Should.Throw<ApiError>(() => gate.Enter("greedy")).Status.ShouldBe(429);
        gate.Enter("other");
        gate.Enter("other");
        Should.Throw<ApiError>(() => gate.Enter("third")).Message.ShouldContain("which is the most");

        gate.Leave("greedy");
        Should.Throw<ApiError>(() => gate.Enter("greedy")).Message.ShouldContain("3 of them of this caller");
        gate.Enter("third");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Body_WhenTooLarge_Gives413ThatAClientStillSendingSees(bool chunked)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent(), With(new GatewayLimits { BodyBytesMax = 1000 }));
        var json = Encoding.UTF8.GetBytes($$"""{"model":"scout-nano","prompt":"{{new string('x', 8 << 20)}}"}""");
        using var request = new HttpRequestMessage(HttpMethod.Post, Path) { Content = new ByteArrayContent(json) };
        request.Content.Headers.ContentType = new("application/json");
        request.Headers.TransferEncodingChunked = chunked;

        using var response = await gateway.Http.SendAsync(request);

        response.StatusCode.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        var error = Json.Parse(await response.Content.ReadAsStringAsync());
        error.At("error.code").GetString().ShouldBe("request_too_large");
        error.At("error.message").GetString()!.ShouldContain("1000");
    }

    [Fact]
    public async Task Body_WhenItNeverComes_Gives408()
    {
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Silent(), With(new GatewayLimits { BodyReadLimit = TimeSpan.FromMilliseconds(50) }));
        using var client = new System.Net.Sockets.TcpClient();
        await client.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port);
        await client.GetStream().WriteAsync(
            Encoding.UTF8.GetBytes($"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 99\r\n\r\n{{"));

        using var reader = new StreamReader(client.GetStream());
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(30));

        (await reader.ReadLineAsync(deadline.Token)).ShouldBe("HTTP/1.1 408 Request Timeout");
    }

    private static Func<GatewayOptions, GatewayOptions> With(GatewayLimits limits) => options => options with { Limits = limits };

    /// <summary>The client may see its answer a moment before the gate sees it leave: asks until it is let in.</summary>
    private static async Task UntilLeftAsync(TestGateway gateway, ScriptedClient cluster)
    {
        using var deadline = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var accepted = cluster.NextAsync();
        while (true)
        {
            var asking = gateway.PostAsync(Path, Body);
            if (await Task.WhenAny(asking, accepted) == accepted)
            {
                (await accepted).End(FinishReason.Stop);
                (await asking).StatusCode.ShouldBe(HttpStatusCode.OK);
                return;
            }

            deadline.Token.ThrowIfCancellationRequested();
        }
    }
}
