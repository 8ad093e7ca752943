using System.Net.Sockets;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

public class SseWriterTests
{
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Answer_WhenTheClientGoesAway_FreesTheSequence(bool stream)
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        using var leaves = new CancellationTokenSource();
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Body(stream) };

        var asking = gateway.Http.SendAsync(request, leaves.Token);
        var generation = await cluster.NextAsync();
        generation.Text("On and on");
        await leaves.CancelAsync();

        await generation.Disposed.WaitAsync(Hang);
        await Should.ThrowAsync<OperationCanceledException>(asking);
    }

    [Fact]
    public async Task Stream_WhenATokenIsThere_SendsItBeforeTheNextOneComes()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions") { Content = Body(stream: true) };
        using var response = await gateway.Http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead);
        using var reader = new StreamReader(await response.Content.ReadAsStreamAsync());
        var generation = await cluster.NextAsync();

        (await NextDeltaAsync(reader)).ShouldBe("");
        foreach (var id in ScoutNano.Tokenizer.Encode("one two three"))
        {
            generation.Token(id);
            (await NextDeltaAsync(reader)).ShouldBe(ScoutNano.Tokenizer.Decode([id]));
        }

        generation.End(FinishReason.Length);
        (await reader.ReadToEndAsync()).ShouldEndWith("data: [DONE]\n\n");
    }

    [Fact]
    public async Task Stream_WhenItsReaderStalls_IsCutOffAndTheOthersGoOn()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(
            cluster, options => options with { Limits = new GatewayLimits { StalledReaderLimit = TimeSpan.FromMilliseconds(300) } });
        using var stalled = await ConnectWithoutReadingAsync(gateway);
        var slow = await cluster.NextAsync();
        var other = gateway.EventsAsync("/v1/chat/completions", await Body(stream: true).ReadAsStringAsync());
        var quick = await cluster.NextAsync();

        // 20,000 events of 200 bytes are more than the buffers of the server and of both sockets hold.
        for (var i = 0; i < 20_000; i++)
        {
            slow.Token(100);
        }

        quick.Text("done");
        quick.End(FinishReason.Stop);

        (await other.WaitAsync(Hang))[^1].ShouldBe("[DONE]");
        await slow.Disposed.WaitAsync(Hang);
        await gateway.App.StopAsync();
        gateway.Logs.Lines.ShouldContain(line => line.Contains("finish client_stalled"));
    }

    [Fact]
    public async Task Stream_WhenTheChunksBreakOff_EndsWithAnErrorAndLogsWhy()
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Token(100);
            generation.BreakOff();
        }));

        var events = await gateway.EventsAsync("/v1/chat/completions", await Body(stream: true).ReadAsStringAsync());
        await gateway.App.StopAsync();

        Json.Parse(events[^1]).At("error.code").GetString().ShouldBe("generation_failed");
        gateway.Logs.Lines.ShouldContain(line => line.Contains("ended after 1 tokens without a finish"));
    }

    [Fact]
    public async Task Stream_WhenTheClusterFallsSilent_EndsWithAnError()
    {
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Silent(), options => options with { Limits = new GatewayLimits { SilenceLimit = TimeSpan.FromMilliseconds(50) } });

        var events = await gateway.EventsAsync("/v1/chat/completions", await Body(stream: true).ReadAsStringAsync());

        Json.Parse(events[^1]).At("error.code").GetString().ShouldBe("generation_failed");
    }

    private static StringContent Body(bool stream) => new(
        $$"""{"model":"scout-nano","messages":[{"role":"user","content":"x"}],"stream":{{(stream ? "true" : "false")}}}""", Encoding.UTF8, "application/json");

    private static async Task<string?> NextDeltaAsync(StreamReader reader)
    {
        using var deadline = new CancellationTokenSource(Hang);
        var line = await reader.ReadLineAsync(deadline.Token);
        (await reader.ReadLineAsync(deadline.Token)).ShouldBe("");
        return Json.Parse(line![6..]).At("choices.0.delta.content").GetString();
    }

    private static async Task<TcpClient> ConnectWithoutReadingAsync(TestGateway gateway)
    {
        var body = await Body(stream: true).ReadAsStringAsync();
        var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port);
        await client.GetStream().WriteAsync(Encoding.UTF8.GetBytes(
            $"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}"));
        return client;
    }
}
