using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Tests;

/// <summary>Experts on another host: the same bits, every buffer given back, and nonsense refused.</summary>
[Collection(nameof(ManyHosts))]
public class ExpertDispatchTests
{
    private static readonly int[] Prompt = [ScoutNano.Bos, .. Enumerable.Range(100, 40)];

    [Theory]
    [InlineData(ComputeMode.Bf16)]
    [InlineData(ComputeMode.Fp32)]
    public async Task Experts_OnAnotherHost_GiveTheSameBits(ComputeMode mode)
    {
        var before = PooledPayload.Outstanding;
        var request = Answers.Greedy(Prompt, 12) with { TopLogprobs = ScoutNano.Vocabulary };
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory, Mode = mode });
        await using var two = await ManyHosts.StartAsync(Two(mode));

        var expected = await one.Client.AskAsync(request);
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => two.Client.AskAsync(request with { Id = Guid.NewGuid() })));

        foreach (var answer in answers)
            Answers.Bits(answer).ShouldBe(Answers.Bits(expected));
        await Answers.GivenBackAsync(before);
    }

    [Fact]
    public async Task ExpertGroup_AskedForAnExpertItDoesNotHave_RefusesAndGivesTheRowsBack()
    {
        var before = PooledPayload.Outstanding;
        await using var two = await ManyHosts.StartAsync(Two());
        var placement = two.Plan.Layers[0].ExpertGroups.First(group => group.Host != two.Ids[0]);
        var foreign = placement.First + placement.Count;
        var group = two.Grains.GetExpertGroup(layer: 0, placement.Group, placement.Host);

        var error = await Should.ThrowAsync<RowsFormatException>(async () =>
        {
            using var rows = new Rows(RowsType.BF16, 1, 160, new[] { 0 }, new[] { foreign }, PooledPayload.Rent(320));
            await group.RunAsync(two.Plan.Epoch, rows);
        });

        error.Message.ShouldContain($"experts {placement.First}..{placement.First + placement.Count - 1}");
        error.Message.ShouldContain($"expert {foreign}");
        await Answers.GivenBackAsync(before);
    }

    [Fact]
    public async Task ExpertGroup_CalledForAnotherPlan_Refuses()
    {
        await using var two = await ManyHosts.StartAsync(Two());

        var placement = two.Plan.Layers[0].ExpertGroups.First(group => group.Host != two.Ids[0]);

        await Should.ThrowAsync<StaleEpochException>(async () =>
        {
            using var rows = new Rows(RowsType.BF16, 1, 160, new[] { 0 }, new[] { placement.First }, PooledPayload.Rent(320));
            await two.Grains.GetExpertGroup(0, placement.Group, placement.Host).RunAsync(two.Plan.Epoch + 1, rows);
        });
    }

    /// <summary>Attention and the rest on the first host, experts on both.</summary>
    private static ManyHostsOptions Two(ComputeMode mode = ComputeMode.Bf16) =>
        new(ScoutNano.Directory, HostRoles.Any, HostRoles.Experts) { Mode = mode };
}
