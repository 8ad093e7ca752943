using Llama4.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Hosting;

/// <summary>Asks the cluster for one token after start, again and again within a bound, until one comes: then the gateway is ready.</summary>
internal sealed partial class ReadinessProbe(
    GatewayOptions options, IGenerationClient client, Readiness readiness, IHostApplicationLifetime lifetime, ILogger<ReadinessProbe> logger)
    : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stopping)
    {
        await StartedAsync(stopping);
        var limits = options.Limits;
        var start = options.Clock.GetTimestamp();
        for (var probe = 1; probe <= limits.ProbesMax; probe++)
        {
            var failure = await TryGenerateAsync(stopping);
            if (failure is null)
            {
                readiness.SetReady();
                Ready(logger, (long)options.Clock.GetElapsedTime(start).TotalMilliseconds, probe);
                return;
            }

            readiness.SetReason($"Probe {probe}: {failure}");
            await Task.Delay(limits.ProbePause, options.Clock, stopping);
        }

        NeverReady(logger, limits.ProbesMax, readiness.Reason!);
    }

    /// <summary>One attempt; null if a token came, otherwise why not.</summary>
    private async Task<string?> TryGenerateAsync(CancellationToken stopping)
    {
        using var deadline = new CancellationTokenSource(options.Limits.ProbeLimit, options.Clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, stopping);
        var request = new GenerateRequest
        {
            Id = options.NewId(),
            Prompt = [options.Tokenizer.BosId ?? 0],
            TokensMax = 1,
            Sampling = new SamplingSettings { Temperature = 0 },
            Caller = "readiness",
        };
        try
        {
            var (result, generation) = await client.SubmitAsync(request, either.Token);
            if (generation is null)
            {
                return result.Message;
            }

            await using (generation)
            {
                return await FirstTokenAsync(generation, either.Token);
            }
        }
        catch (Exception error) when (!stopping.IsCancellationRequested)
        {
            ProbeFailed(logger, error);
            return deadline.IsCancellationRequested ? $"no token within {options.Limits.ProbeLimit.TotalSeconds} s." : error.Message;
        }
    }

    private static async Task<string?> FirstTokenAsync(IGeneration generation, CancellationToken cancellation)
    {
        await foreach (var chunk in generation.Chunks(cancellation))
        {
            if (chunk.Token is not null)
            {
                return null;
            }

            if (chunk.Finish is not null)
            {
                return chunk.Error ?? $"ended with {chunk.Finish} before a token came.";
            }
        }

        return "ended before a token came.";
    }

    /// <summary>The cluster may start with the host: nothing is asked of it before all services have started.</summary>
    private async Task StartedAsync(CancellationToken stopping)
    {
        var started = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var onStarted = lifetime.ApplicationStarted.Register(started.SetResult);
        await started.Task.WaitAsync(stopping);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Ready: the first token came after {ElapsedMs} ms, probe {Probe}")]
    private static partial void Ready(ILogger logger, long elapsedMs, int probe);

    [LoggerMessage(Level = LogLevel.Debug, Message = "Readiness probe failed")]
    private static partial void ProbeFailed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Error, Message = "Not ready after {Probes} probes, giving up: {Reason}")]
    private static partial void NeverReady(ILogger logger, int probes, string reason);
}
