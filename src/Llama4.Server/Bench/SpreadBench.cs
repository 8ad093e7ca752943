using Llama4.Contracts;

namespace Llama4.Server.Bench;

/// <summary>
/// The same requests to a running cluster and to one process, in turn, so that what disturbs the machine for a while disturbs both: ratios hold where single
/// figures would not. While one is asked the other is idle; what an idle cluster costs (its hosts' beats) is in the other's figures.
/// </summary>
/// <param name="many">The cluster's.</param>
/// <param name="one">The process's.</param>
/// <param name="rounds">Of both, after one that warms up.</param>
internal sealed class SpreadBench(IGenerationClient many, IGenerationClient one, int vocabulary, BenchPlan plan, int rounds)
{
    private readonly ClusterRunner _many = new(many);
    private readonly ClusterRunner _one = new(one);
    private readonly Random _random = new(1); // prompts differ from each other, and are the same in every run

    /// <param name="done">Called with the share done, 0 to 1.</param>
    public async Task<List<SpreadFigures>> MeasureAsync(Action<double> done, CancellationToken cancellation)
    {
        var figures = new List<SpreadFigures>();
        var workloads = plan.PromptTokens.Count + plan.Concurrency.Count;
        foreach (var tokens in plan.PromptTokens)
        {
            figures.Add(await RoundsAsync(
                "prefill", tokens, runner => runner.PrefillAsync(NewPrompt(tokens), cancellation), share => done((figures.Count + share) / workloads)));
        }

        foreach (var sequences in plan.Concurrency)
        {
            List<int[]> prompts = [.. Enumerable.Range(0, sequences).Select(_ => NewPrompt(plan.PromptTokens[0]))];
            figures.Add(await RoundsAsync(
                "decode", sequences, runner => runner.DecodeAsync(prompts, plan.AnswerTokens, cancellation), share => done((figures.Count + share) / workloads)));
        }

        return figures;
    }

    private async Task<SpreadFigures> RoundsAsync(string what, int size, Func<IBenchRunner, Task<double>> measure, Action<double> done)
    {
        await measure(_many); // code is compiled, pools are warm, prompts of decodes are in the prefix cache
        await measure(_one);
        var measured = new List<(double Many, double One)>();
        while (measured.Count < rounds)
        {
            measured.Add((await measure(_many), await measure(_one)));
            done((double)measured.Count / rounds);
        }

        return new SpreadFigures(what, size, measured);
    }

    private int[] NewPrompt(int tokens) => [.. Enumerable.Range(0, tokens).Select(_ => _random.Next(vocabulary))];
}
