using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.FaultBench;

/// <param name="LongestGapMs">Between two tokens of the stream.</param>
/// <param name="Problem">Null when it ended as it should, else how.</param>
public sealed record StreamResult(int[] Tokens, double LongestGapMs, string? Problem);

/// <summary>The requests of a run, greedy and sampled in turn, and their answers as a gateway sees them.</summary>
public static class Streams
{
    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    private const int Bos = 510;

    public static GenerateRequest Request(int number, int tokens) => new()
    {
        Id = Guid.NewGuid(),
        Prompt = [Bos, 10, 20, 30, number],
        TokensMax = tokens,
        Sampling = new SamplingSettings { Temperature = number % 2 },
        Seed = (ulong)number,
    };

    public static async Task<StreamResult> RunAsync(IGenerationClient client, GenerateRequest request)
    {
        using var limit = new CancellationTokenSource(Limit);
        var tokens = new List<int>();
        var (longest, last) = (0.0, 0L);
        try
        {
            var (result, generation) = await client.SubmitAsync(request, limit.Token);
            if (generation is null)
                return new StreamResult([], 0, $"refused: {result.Message}");
            await using var _ = generation;
            FinishReason? finish = null;
            await foreach (var chunk in generation.Chunks(limit.Token))
            {
                if (finish is not null)
                    return new StreamResult([.. tokens], longest, "went on after its end");
                if (chunk.Token is { } token)
                {
                    longest = last == 0 ? 0 : Math.Max(longest, Stopwatch.GetElapsedTime(last).TotalMilliseconds);
                    last = Stopwatch.GetTimestamp();
                    tokens.Add(token);
                }
                finish = chunk.Finish;
                if (finish is not (null or FinishReason.Length))
                    return new StreamResult([.. tokens], longest, $"ended with {finish} after {tokens.Count} tokens: {chunk.Error}");
            }
            return new StreamResult([.. tokens], longest, finish is null ? "never ended" : null);
        }
        catch (OperationCanceledException)
        {
            return new StreamResult([.. tokens], longest, $"stood still after {tokens.Count} tokens");
        }
    }
}
