using System.Net;
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
        gate.Enter();

        var stopping = shutdown.StoppingAsync(new CancellationToken(canceled: true));

        gate.Ended.IsCancellationRequested.ShouldBeTrue();
        stopping.IsCompleted.ShouldBeFalse(); // the answer is still inside
        gate.Leave();
        await stopping;
    }
}
