using System.Diagnostics;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Alone in the process while it runs: it counts what the whole process allocates.</summary>
[CollectionDefinition(nameof(DecodeAllocationTests), DisableParallelization = true)]
[Collection(nameof(DecodeAllocationTests))]
public class DecodeAllocationTests
{
    private const int Tokens = 400;

    /// <summary>36 calls a token (8 layers of attention, shared expert and two groups; embedding, drawing, coordinator, gateway) at about 1.1 KB each: 40.7 KB measured.</summary>
    private const int BytesPerTokenMax = 48 * 1024;

    /// <summary>Less than one row of the smaller model's logits in fp32 (2 KiB), of which the larger has four.</summary>
    private const int DifferenceMax = 1024;

    /// <summary>How long what nobody asks for is looked at: heartbeats, looks at the store, what hosts of other tests left behind.</summary>
    private static readonly TimeSpan Idle = TimeSpan.FromSeconds(1);

    /// <summary>
    /// After warm-up a token costs managed memory for the calls between grains, and that is the same for two models of 8 layers
    /// of which one has hidden rows 2.5 times, and logits 4 times, as wide.
    /// </summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Decode_AfterWarmUp_AllocatesNothingThatGrowsWithTheModel(bool sampled)
    {
        var small = await BytesPerTokenAsync(Golden.Path("01-scout"), sampled);
        var large = await BytesPerTokenAsync(ScoutNano.Directory, sampled);

        small.ShouldBeLessThan(BytesPerTokenMax);
        large.ShouldBeLessThan(BytesPerTokenMax);
        Math.Abs(large - small).ShouldBeLessThan(DifferenceMax, $"{small:F0} and {large:F0} bytes a token");
    }

    private static async Task<double> BytesPerTokenAsync(string model, bool sampled)
    {
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = model });
        var request = Answers.Greedy([1, 2, 3], Tokens) with { Sampling = new SamplingSettings { Temperature = sampled ? 1 : 0, TopP = sampled ? 0.9 : 1 } };
        await cluster.Client.TokensAsync(request);
        var (idle, since) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
        await Task.Delay(Idle);
        var idleBytesPerSecond = (GC.GetTotalAllocatedBytes(precise: true) - idle) / Stopwatch.GetElapsedTime(since).TotalSeconds; // a slow machine has more of it for each token
        var least = double.PositiveInfinity;
        for (var run = 0; run < 3; run++)
            least = Math.Min(least, await BytesAsync() / Tokens);
        return least;

        async Task<double> BytesAsync()
        {
            var (before, started) = (GC.GetTotalAllocatedBytes(precise: true), Stopwatch.GetTimestamp());
            (await cluster.Client.TokensAsync(request with { Id = Guid.NewGuid() })).Length.ShouldBe(Tokens);
            return GC.GetTotalAllocatedBytes(precise: true) - before - idleBytesPerSecond * Stopwatch.GetElapsedTime(started).TotalSeconds;
        }
    }
}
