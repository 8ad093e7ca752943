using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests;

/// <summary>
/// Every variant of the architecture through the grains: the reference implementation's greedy continuations in fp32. Prompts are
/// prefilled in chunks of 5, so that prefill, decode and attention chunks meet everywhere.
/// </summary>
public class GoldenGreedyTests
{
    [Theory]
    [InlineData("01-scout")]
    [InlineData("02-maverick")]
    [InlineData("03-rope-smooth-band")]
    [InlineData("04-no-chunk")]
    [InlineData("05-empty-no-rope-list")]
    [InlineData("06-explicit-layers")]
    [InlineData("07-rope-parameters-layer-types")]
    [InlineData("08-seed-config")]
    [InlineData("09a-temperature-int")]
    [InlineData("09b-temperature-off")]
    [InlineData("11-tied")]
    [InlineData("12-sharded")]
    [InlineData("13-batch")]
    public async Task Greedy_OfAGoldenCase_EqualsTheReference(string name)
    {
        using var expected = SafetensorsFile.Open(Golden.Path(name, "expected.safetensors"));
        int[] Ids(string tensor) => Array.ConvertAll(expected.Tensors[tensor].Read<long>(0, (int)expected.Tensors[tensor].Elements), id => (int)id);
        var (prompt, continuation) = (Ids("input_ids"), Ids("greedy_ids"));
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions
        {
            ModelDirectory = Golden.Path(name),
            Mode = ComputeMode.Fp32,
            Limits = context => new SchedulerLimits { ContextMax = context, PrefillChunkMax = 5 },
        });

        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => cluster.Client.TokensAsync(Answers.Greedy(prompt, continuation.Length))));

        foreach (var answer in answers)
            answer.ShouldBe(continuation);
    }
}
