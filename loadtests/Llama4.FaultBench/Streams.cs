using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.FaultBench;

/// <param name="LongestGapMs">Between two tokens of the stream.</param>
/// <param name="Logprobs">Of each token: its own and the best ones, as bits.</param>
/// <param name="Problem">Null when it ended as it should, else how.</param>
public sealed record StreamResult(int[] Tokens, long[][] Logprobs, double LongestGapMs, string? Problem)
{
    /// <summary>What is different from an undisturbed run; null when the tokens and all bits of their log-probabilities are the same.</summary>
    public string? DifferenceFrom(StreamResult undisturbed)
    {
        if (Problem is not null || undisturbed.Problem is not null)
            return Problem ?? $"the undisturbed run: {undisturbed.Problem}";
        if (!Tokens.AsSpan().SequenceEqual(undisturbed.Tokens))
            return "other tokens";
        return Logprobs.Zip(undisturbed.Logprobs).All(pair => pair.First.AsSpan().SequenceEqual(pair.Second)) ? null : "the same tokens, other log-probabilities";
    }
}

/// <summary>The requests of a run, greedy and sampled in turn, and their answers as a gateway sees them.</summary>
public static class Streams
{
    private const int Bos = 510;

    /// <summary>Log-probabilities compared for each token.</summary>
    private const int Best = 3;

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(3);

    public static GenerateRequest Request(int number, int tokens) => new()
    {
        Id = Guid.NewGuid(),
        Prompt = [Bos, 10, 20, 30, number],
        TokensMax = tokens,
        Sampling = new SamplingSettings { Temperature = number % 2 },
        Seed = (ulong)number,
        TopLogprobs = Best,
    };

    /// <param name="meter">Told every gap.</param>
    public static async Task<StreamResult> RunAsync(IGenerationClient client, GenerateRequest request, GapMeter? meter = null)
    {
        using var limit = new CancellationTokenSource(Limit);
        var tokens = new List<int>();
        var logprobs = new List<long[]>();
        var (longest, last) = (0.0, 0L);
        StreamResult Ended(string? problem) => new([.. tokens], [.. logprobs], longest, problem);
        try
        {
            var (result, generation) = await client.SubmitAsync(request, limit.Token);
            if (generation is null)
                return Ended($"refused: {result.Message}");
            await using var _ = generation;
            FinishReason? finish = null;
            await foreach (var chunk in generation.Chunks(limit.Token))
            {
                if (finish is not null)
                    return Ended("went on after its end");
                if (chunk.Token is { } token)
                {
                    var gap = last == 0 ? 0 : Stopwatch.GetElapsedTime(last).TotalMilliseconds;
                    meter?.Note(gap);
                    longest = Math.Max(longest, gap);
                    last = Stopwatch.GetTimestamp();
                    tokens.Add(token);
                    logprobs.Add([.. (chunk.TopLogprobs ?? []).Select(best => best.Logprob).Append(chunk.Logprob ?? double.NaN).Select(BitConverter.DoubleToInt64Bits)]);
                }
                finish = chunk.Finish;
                if (finish is not (null or FinishReason.Length))
                    return Ended($"ended with {finish} after {tokens.Count} tokens: {chunk.Error}");
            }
            return Ended(finish is null ? "never ended" : null);
        }
        catch (OperationCanceledException)
        {
            return Ended($"stood still after {tokens.Count} tokens");
        }
    }
}
