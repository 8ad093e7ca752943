using System.Diagnostics;
using Llama4.Compute.Measure;
using Llama4.Model;

namespace Llama4.Server.Bench;

/// <summary>
/// Measures in rounds: machine, grains, direct calls, and again. What disturbs the machine for a while then disturbs all three, so that
/// shares and ratios hold where single figures would not; medians of the rounds are reported.
/// </summary>
internal sealed class BenchRun
{
    private const int RoundsMin = 3;
    private const int RoundsMax = 9;

    /// <summary>Short workloads are repeated for so long; long ones have <see cref="RoundsMin"/>.</summary>
    private static readonly TimeSpan RoundsWithin = TimeSpan.FromSeconds(5);

    private readonly BenchPlan _plan;
    private readonly ModelCosts _costs;
    private readonly int _vocabulary;
    private readonly int _threads;
    private readonly Random _random = new(1); // prompts differ from each other, and are the same in every run
    private readonly List<MachineFigures> _machine = [];
    private readonly List<int[]> _decodePrompts;

    public BenchRun(BenchPlan plan, Llama4Config config, int threads)
    {
        _plan = plan;
        _costs = new ModelCosts(config);
        _vocabulary = config.VocabSize;
        _threads = threads;
        _decodePrompts = [.. Enumerable.Range(0, plan.SequencesMax).Select(_ => NewPrompt(plan.PromptTokens[0]))];
    }

    /// <summary>Everything once through the grains: code is compiled, pools are warm, and memory is at its peak.</summary>
    public async Task WarmUpAsync(IBenchRunner cluster, CancellationToken cancellation)
    {
        foreach (var tokens in _plan.PromptTokens)
        {
            await cluster.PrefillAsync(NewPrompt(tokens), cancellation);
        }

        foreach (var sequences in _plan.Concurrency)
        {
            await cluster.DecodeAsync(_decodePrompts[..sequences], _plan.AnswerTokens, cancellation);
        }
    }

    /// <param name="direct">Null where the machine does not hold the weights twice.</param>
    /// <param name="done">Called with the share done, 0 to 1.</param>
    public async Task<BenchReport> MeasureAsync(
        IBenchRunner cluster, DirectRunner? direct, MemoryFigures memory, Action<double> done, CancellationToken cancellation)
    {
        var workloads = _plan.PromptTokens.Count + _plan.Concurrency.Count;
        var prefill = new List<PrefillFigures>();
        foreach (var tokens in _plan.PromptTokens)
        {
            prefill.Add(await PrefillAsync(cluster, direct, tokens, cancellation));
            done((double)prefill.Count / workloads);
        }

        var decode = new List<DecodeFigures>();
        foreach (var sequences in _plan.Concurrency)
        {
            decode.Add(await DecodeAsync(cluster, direct, sequences, cancellation));
            done((double)(prefill.Count + decode.Count) / workloads);
        }

        return new BenchReport(
            new MachineFigures(
                Median.Of(_machine.Select(m => m.ReadGbPerSecond)), Median.Of(_machine.Select(m => m.FmaGflopPerSecond)), _threads, _machine[0].InstructionSet),
            prefill,
            decode,
            memory);
    }

    private async Task<PrefillFigures> PrefillAsync(IBenchRunner cluster, DirectRunner? direct, int tokens, CancellationToken cancellation)
    {
        if (direct is not null)
        {
            await direct.PrefillAsync(NewPrompt(tokens), cancellation); // to warm up: the grains have
        }

        var rounds = await RoundsAsync(cluster, direct, runner => runner.PrefillAsync(NewPrompt(tokens), cancellation));
        return new PrefillFigures(
            tokens,
            Median.Of(rounds.Select(r => r.Cluster)),
            direct is null ? null : Median.Of(rounds.Select(r => r.Direct)),
            Median.Of(rounds.Select(r => r.Cluster / tokens * _costs.PrefillFlops(tokens) / (r.Machine.FmaGflopPerSecond * 1e9))));
    }

    private async Task<DecodeFigures> DecodeAsync(IBenchRunner cluster, DirectRunner? direct, int sequences, CancellationToken cancellation)
    {
        // The same prompts and greedy choices everywhere: the direct run's routing is the grains' routing.
        var prompts = _decodePrompts[..sequences];
        var touched = direct is null ? (double?)null : await direct.TouchedExpertsAsync(prompts, _plan.AnswerTokens, cancellation);
        var rounds = await RoundsAsync(cluster, direct, runner => runner.DecodeAsync(prompts, _plan.AnswerTokens, cancellation));
        return new DecodeFigures(
            sequences,
            Median.Of(rounds.Select(r => r.Cluster)),
            direct is null ? null : Median.Of(rounds.Select(r => r.Direct)),
            touched is null ? null : Median.Of(rounds.Select(r => r.Cluster / sequences * _costs.DecodeBytes(sequences, touched.Value) / (r.Machine.ReadGbPerSecond * 1e9))));
    }

    private async Task<List<(MachineFigures Machine, double Cluster, double Direct)>> RoundsAsync(
        IBenchRunner cluster, DirectRunner? direct, Func<IBenchRunner, Task<double>> measure)
    {
        var rounds = new List<(MachineFigures, double, double)>();
        var start = Stopwatch.GetTimestamp();
        while (rounds.Count < RoundsMin || (rounds.Count < RoundsMax && Stopwatch.GetElapsedTime(start) < RoundsWithin))
        {
            var machine = MachineProbe.Measure(_threads);
            _machine.Add(machine);
            rounds.Add((machine, await measure(cluster), direct is null ? 0 : await measure(direct)));
        }

        return rounds;
    }

    private int[] NewPrompt(int tokens) => [.. Enumerable.Range(0, tokens).Select(_ => _random.Next(_vocabulary))];
}
