using System.Net;
using System.Net.Sockets;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Tests.Scripted;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;

namespace Llama4.Gateway.Tests.Hosting;

public class GracefulShutdownTests
{
    /// <summary>Never waited for unless something is broken: the gateway's own two seconds can pass on a busy machine.</summary>
    private static readonly TimeSpan Hang = TimeSpan.FromSeconds(30);

    private const string Path = "/v1/completions";
    private const string Body = """{"model":"scout-nano","prompt":"a","stream":true}""";

    [Fact]
    public async Task Shutdown_WhileAnAnswerRuns_Refuses503AndLetsItFinish()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);
        var answer = gateway.EventsAsync(Path, Body);
        var generation = await cluster.NextAsync();

        var stopping = gateway.App.StopAsync();
        using (var refused = await gateway.PostAsync(Path, Body))
        {
            refused.StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
            refused.Headers.RetryAfter.ShouldNotBeNull();
        }

        (await gateway.Http.GetAsync("/health/ready")).StatusCode.ShouldBe(HttpStatusCode.ServiceUnavailable);
        generation.Text("the end");
        generation.End(FinishReason.Stop);

        (await answer)[^1].ShouldBe("[DONE]");
        await stopping;
    }

    [Fact]
    public async Task Shutdown_WhenAnAnswerPassesTheLimit_EndsItWithAnError()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(
            cluster, options => options with { Limits = new GatewayLimits { ShutdownLimit = TimeSpan.FromMilliseconds(50), ShutdownGrace = Hang } });
        var answer = gateway.EventsAsync(Path, Body);
        var generation = await cluster.NextAsync();
        generation.Text("never ending");

        await gateway.App.StopAsync();

        Json.Parse((await answer)[^1]).At("error.message").GetString().ShouldBe("The server is shutting down.");
        await generation.Disposed.WaitAsync(Hang);
    }

    [Fact]
    public async Task Shutdown_WhenItIsHurried_StillLetsAnswersWriteTheirError()
    {
        await using var gateway = await TestGateway.StartAsync(
            ScriptedClient.Silent(), options => options with { Limits = new GatewayLimits { ShutdownGrace = Hang } });
        var gate = gateway.App.Services.GetRequiredService<RequestGate>();
        var shutdown = gateway.App.Services.GetServices<IHostedService>().OfType<GracefulShutdown>().Single();
        gate.Enter("a");

        var stopping = shutdown.StoppingAsync(new CancellationToken(canceled: true));

        gate.Ended.IsCancellationRequested.ShouldBeTrue();
        stopping.IsCompleted.ShouldBeFalse(); // the answer is still inside
        gate.Leave("a");
        await stopping;
    }

    [Fact]
    public async Task Shutdown_PastTheLimit_TellsAlsoAClientThatWasBehindWithReading()
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(
            cluster,
            // Time to fill the buffers: were it too little, the test would pass without having met a write that waits.
            options => options with { Limits = new GatewayLimits { ShutdownLimit = TimeSpan.FromSeconds(2), ShutdownGrace = Hang } });
        using var client = new TcpClient { ReceiveBufferSize = 4096 };
        await client.ConnectAsync(gateway.Http.BaseAddress!.Host, gateway.Http.BaseAddress.Port);
        await client.GetStream().WriteAsync(Encoding.ASCII.GetBytes(
            $"POST {Path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: {Body.Length}\r\n\r\n{Body}"));
        var generation = await cluster.NextAsync();
        for (var i = 0; i < 20_000; i++) // more bytes than the buffers of the server and of both sockets hold
        {
            generation.Token(100);
        }

        var ended = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        using var _ = gateway.App.Services.GetRequiredService<RequestGate>().Ended.Register(ended.SetResult);

        var stopping = gateway.App.StopAsync();
        await ended.Task.WaitAsync(Hang);
        using var reader = new StreamReader(client.GetStream());
        var answer = await reader.ReadToEndAsync();

        answer.ShouldContain("The server is shutting down.");
        await stopping;
    }
}
