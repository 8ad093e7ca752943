using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Hosting;

/// <summary>
/// Shutdown in three steps, before the server stops listening: new requests get 503; running answers may finish within the limit;
/// then they are ended with an error that their clients see.
/// </summary>
internal sealed partial class GracefulShutdown(
    GatewayOptions options, RequestGate gate, IHostApplicationLifetime lifetime, ILogger<GracefulShutdown> logger) : IHostedLifecycleService
{
    private CancellationTokenRegistration _onStopping;

    public Task StartingAsync(CancellationToken cancellation)
    {
        // Where the host itself listens to signals, it says stopping before it begins to stop its services.
        _onStopping = lifetime.ApplicationStopping.Register(() => gate.Close());
        return Task.CompletedTask;
    }

    public async Task StoppingAsync(CancellationToken cancellation)
    {
        var empty = gate.Close();
        var start = options.Clock.GetTimestamp();
        if (await IsWithinAsync(empty, options.Limits.ShutdownLimit, cancellation))
        {
            return;
        }

        Ending(logger, options.Clock.GetElapsedTime(start).TotalSeconds);
        gate.End();
        // Also for one who does not want to wait for the answers themselves: their clients are told.
        if (!await IsWithinAsync(empty, options.Limits.ShutdownGrace, CancellationToken.None))
        {
            Cutting(logger); // by the server, as it stops
        }
    }

    public Task StartAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellation) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellation)
    {
        _onStopping.Dispose();
        return Task.CompletedTask;
    }

    private async Task<bool> IsWithinAsync(Task task, TimeSpan limit, CancellationToken cancellation)
    {
        try
        {
            await task.WaitAsync(limit, options.Clock, cancellation);
            return true;
        }
        catch (Exception error) when (error is TimeoutException or OperationCanceledException)
        {
            return false;
        }
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Answers still running {Seconds:0.0} s after shutdown began are ended with an error")]
    private static partial void Ending(ILogger logger, double seconds);

    [LoggerMessage(Level = LogLevel.Warning, Message = "Some answers did not take their end: their connections are cut")]
    private static partial void Cutting(ILogger logger);
}
