using System.Diagnostics;

namespace Llama4.Server.Bench;

/// <summary>Decoding the same prompts again and again for some seconds, by the clock and by the processor's time.</summary>
internal sealed class DecodeSlices(BenchRounds rounds)
{
    private readonly Random _random = new(1);

    /// <returns>[sequences] of the plan's first length.</returns>
    public List<int[]> NewPrompts(int sequences) => [.. Enumerable.Range(0, sequences).Select(_ => NewPrompt())];

    /// <param name="slice">At least so long.</param>
    public async Task<SliceFigures> MeasureAsync(ClusterRunner runner, List<int[]> prompts, TimeSpan slice, CancellationToken cancellation)
    {
        using var process = Process.GetCurrentProcess();
        var (started, worked, tokens) = (Stopwatch.GetTimestamp(), process.TotalProcessorTime, 0L);
        do
        {
            await runner.DecodeAsync(prompts, rounds.Plan.AnswerTokens, cancellation);
            tokens += (long)prompts.Count * rounds.Plan.AnswerTokens;
        }
        while (Stopwatch.GetElapsedTime(started) < slice);
        var elapsed = Stopwatch.GetElapsedTime(started);
        process.Refresh();
        return new SliceFigures(tokens / elapsed.TotalSeconds, (process.TotalProcessorTime - worked).TotalMicroseconds / tokens);
    }

    private int[] NewPrompt() => [.. Enumerable.Range(0, rounds.Plan.PromptTokens[0]).Select(_ => _random.Next(rounds.Model.Cluster.Config.VocabSize))];
}

/// <summary>A few seconds of decoding.</summary>
/// <param name="CpuUsPerToken">Of the whole process.</param>
internal readonly record struct SliceFigures(double TokensPerS, double CpuUsPerToken);
