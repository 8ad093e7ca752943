using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Server.Bench;

/// <summary>Through the grains, as the gateway asks them.</summary>
/// <param name="trace">Tokens come with their paths.</param>
internal sealed class ClusterRunner(IGenerationClient client, bool trace = false) : IBenchRunner
{
    /// <summary>Each answer is a request with a span, as the gateway's are, where somebody listens.</summary>
    public bool IsRequest { get; init; }

    private static readonly SamplingSettings Greedy = new() { Temperature = 0 };

    public async Task<double> PrefillAsync(int[] prompt, CancellationToken cancellation)
    {
        var start = Stopwatch.GetTimestamp();
        var times = await RunAsync(prompt, 1, cancellation);
        return prompt.Length / Stopwatch.GetElapsedTime(start, times[0]).TotalSeconds;
    }

    public async Task<double> DecodeAsync(IReadOnlyList<int[]> prompts, int tokens, CancellationToken cancellation)
    {
        var times = await Task.WhenAll(prompts.Select(prompt => RunAsync(prompt, tokens, cancellation)));

        // Sequences come and go one after the other: only what lies between the last one's start and the first one's end is full.
        var start = times.Max(t => t[0]);
        var end = times.Min(t => t[^1]);
        var drawn = times.Sum(t => t.Count(time => time > start && time <= end));
        return drawn > 0
            ? drawn / Stopwatch.GetElapsedTime(start, end).TotalSeconds
            : throw new InvalidOperationException($"{tokens} tokens are too few for {prompts.Count} sequences to decode at the same time: choose a greater --generate");
    }

    /// <returns>When each token came.</returns>
    private async Task<long[]> RunAsync(int[] prompt, int tokens, CancellationToken cancellation)
    {
        using var span = IsRequest ? SpanSources.Gateway.StartActivity("bench", ActivityKind.Server, parentContext: default) : null;
        var request = new GenerateRequest { Id = Guid.NewGuid(), Prompt = prompt, TokensMax = tokens, Sampling = Greedy, Caller = "bench", Trace = trace, Span = SpanParent.Of(span) };
        var (result, generation) = await client.SubmitAsync(request, cancellation);
        if (generation is null)
        {
            throw new InvalidOperationException(result.Message);
        }

        var times = new long[tokens];
        var count = 0;
        await using (generation)
        {
            await foreach (var chunk in generation.Chunks(cancellation))
            {
                if (chunk.Finish is FinishReason.Error or FinishReason.Cancelled)
                {
                    throw new InvalidOperationException(chunk.Error ?? $"the cluster ended a sequence after {count} of {tokens} tokens");
                }

                if (chunk.Token is not null)
                {
                    times[count++] = Stopwatch.GetTimestamp();
                }
            }
        }

        return count == tokens ? times : throw new InvalidOperationException($"the cluster gave {count} of {tokens} tokens");
    }
}
