using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>An expert that most rows choose: two hosts run its rows for as long as that lasts, with the same bits.</summary>
[Collection(nameof(ManyHosts))]
public class HotExpertTests
{
    /// <summary>A prompt of one token over and over: its rows choose the same expert, in the first layer at least.</summary>
    private const int Repeats = 200;

    private const int AskedAtOnce = 4;

    public static TheoryData<string, ManyHostsOptions> Spreads => new()
    {
        { "on standbys, beside attention", new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Experts) { Standbys = 1 } },
        { "loaded for it, apart from attention", new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any & ~HostRoles.Experts, HostRoles.Experts, HostRoles.Experts) },
    };

    [Theory]
    [MemberData(nameof(Spreads))]
    public async Task Expert_ThatMostRowsChoose_IsRunByTwoHostsUntilItHasCooled(string spread, ManyHostsOptions options)
    {
        var outstanding = PooledPayload.Outstanding; // hosts that other tests killed in this process took theirs with them
        var logits = Answers.Greedy(Prompt(0), 8) with { TopLogprobs = ScoutNano.Vocabulary };
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        await using var many = await ManyHosts.StartAsync(options);
        var (number, answers) = (0, new List<(int Number, int[] Tokens)>());

        await LoadUntilAsync(() => many.Plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Hot.Length > 0)));
        var plan = many.Plan;
        var layer = plan.Layers.First(layer => layer.ExpertGroups.Any(group => group.Hot.Length > 0));
        var group = layer.ExpertGroups.First(group => group.Hot.Length > 0);
        var hot = group.Hot[0];
        HostId[] owners = [group.Host, hot.SecondOwner];
        owners.Distinct().Count().ShouldBe(2, spread);
        var before = Array.ConvertAll(owners, Rows);
        await LoadUntilAsync(() => Array.TrueForAll([0, 1], i => Rows(owners[i]) > before[i]));
        var shared = await many.Client.AskAsync(logits with { Id = Guid.NewGuid() });

        var cooled = await many.PlanAsync(plan => plan.Layers.All(layer => layer.ExpertGroups.All(group => group.Hot.Length == 0)));

        cooled.Epoch.ShouldBeGreaterThan(plan.Epoch);
        Bits(shared).ShouldBe(Bits(await one.Client.AskAsync(logits)), spread);
        foreach (var (asked, tokens) in answers)
            tokens.ShouldBe(await one.Client.TokensAsync(Answers.Greedy(Prompt(asked), 2)), $"{spread}, prompt {asked}");
        PooledPayload.Outstanding.ShouldBeLessThanOrEqualTo(outstanding);

        long Rows(HostId host) => many.Counts(host).Rows(layer.Layer, hot.Expert);

        async Task LoadUntilAsync(Func<bool> isSo)
        {
            using var limit = new CancellationTokenSource(Answers.Limit);
            while (!isSo())
            {
                limit.Token.ThrowIfCancellationRequested();
                int[] asked = [.. Enumerable.Range(number += AskedAtOnce, AskedAtOnce)];
                var tokens = await Task.WhenAll(asked.Select(one => many.Client.TokensAsync(Answers.Greedy(Prompt(one), 2))));
                answers.AddRange(asked.Zip(tokens));
            }
        }
    }

    /// <summary>The second token tells prompts apart, so that none is the prefix of another.</summary>
    private static int[] Prompt(int number) => [ScoutNano.Bos, 100 + (number % 1000), 100 + (number / 1000), .. Enumerable.Repeat(300, Repeats)];

    private static long[] Bits(List<TokenChunk> chunks) =>
        [.. chunks.SelectMany(chunk => chunk.TopLogprobs!.OrderBy(top => top.Id).Select(top => BitConverter.DoubleToInt64Bits(top.Logprob)))];
}
