using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Tests;

/// <summary>Experts on another host: the same bits, every buffer given back, and nonsense refused.</summary>
public class ExpertDispatchTests
{
    private static readonly int[] Prompt = [ScoutNano.Bos, .. Enumerable.Range(100, 40)];

    [Theory]
    [InlineData(ComputeMode.Bf16)]
    [InlineData(ComputeMode.Fp32)]
    public async Task Experts_OnAnotherHost_GiveTheSameBits(ComputeMode mode)
    {
        var request = Answers.Greedy(Prompt, 12) with { TopLogprobs = ScoutNano.Vocabulary };
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Mode = mode });
        await using var two = await TwoHosts.StartAsync(ScoutNano.Directory, mode, groups: 4);

        var expected = await one.Client.AskAsync(request);
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => two.Client.AskAsync(request with { Id = Guid.NewGuid() })));

        foreach (var answer in answers)
            Bits(answer).ShouldBe(Bits(expected));
        PooledPayload.Outstanding.ShouldBe(0);
    }

    [Fact]
    public async Task ExpertGroup_AskedForAnExpertItDoesNotHave_RefusesAndGivesTheRowsBack()
    {
        await using var two = await TwoHosts.StartAsync(ScoutNano.Directory, ComputeMode.Bf16, groups: 4);
        var group = two.Grains.GetExpertGroup(layer: 0, group: 1);

        var error = await Should.ThrowAsync<RowsFormatException>(async () =>
        {
            using var rows = new Rows(RowsType.BF16, 1, 160, new[] { 0 }, new[] { 0 }, PooledPayload.Rent(320));
            await group.RunAsync(1, rows);
        });

        error.Message.ShouldContain("experts 4..7");
        error.Message.ShouldContain("expert 0");
        PooledPayload.Outstanding.ShouldBe(0);
    }

    [Fact]
    public async Task ExpertGroup_CalledForAnotherPlan_Refuses()
    {
        await using var two = await TwoHosts.StartAsync(ScoutNano.Directory, ComputeMode.Bf16, groups: 4);

        await Should.ThrowAsync<StaleEpochException>(async () =>
        {
            using var rows = new Rows(RowsType.BF16, 1, 160, new[] { 0 }, new[] { 4 }, PooledPayload.Rent(320));
            await two.Grains.GetExpertGroup(layer: 0, group: 1).RunAsync(2, rows);
        });
    }

    private static long[] Bits(List<TokenChunk> chunks) =>
        [.. chunks.SelectMany(chunk => chunk.TopLogprobs!.OrderBy(top => top.Id).Select(top => BitConverter.DoubleToInt64Bits(top.Logprob)))];
}
