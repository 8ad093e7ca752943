using Llama4.Cluster.Experts;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Experts;

/// <summary>What routers choose is counted while somebody watches, all of it, and not a moment longer than the lease.</summary>
[Collection(nameof(ManyHosts))]
public class RoutedTokensTests
{
    private const int TokensMax = 9;
    private static readonly int[] Prompt = [ScoutNano.Bos, .. Enumerable.Range(1, 30)];

    [Fact]
    public void Lease_WhenNobodyRenewsIt_EndsByItself()
    {
        var clock = new SetClock();
        var routed = new RoutedTokens(2, 4, clock, device: null);
        routed.IsWatched.ShouldBeFalse();

        routed.Watch();
        clock.Advance(RoutedTokens.Lease - TimeSpan.FromMilliseconds(1));
        routed.IsWatched.ShouldBeTrue();
        routed.Watch();
        clock.Advance(RoutedTokens.Lease - TimeSpan.FromMilliseconds(1));
        routed.IsWatched.ShouldBeTrue();
        clock.Advance(TimeSpan.FromMilliseconds(1));

        routed.IsWatched.ShouldBeFalse();
    }

    [Fact]
    public async Task Counts_OfLayers_AreApart()
    {
        var routed = new RoutedTokens(2, 4, new SetClock(), device: null);

        routed.Add(0, [3, 3, 1]);
        routed.Add(1, [0, -1, 4]);

        (await routed.CountAsync()).ShouldBe([0, 1, 0, 2, 1, 0, 0, 0]);
    }

    [Fact]
    public async Task Counts_OfOneProcess_SumToTokensTimesLayers()
    {
        await using var cluster = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        await cluster.Client.TokensAsync(Answers.Greedy(Prompt, 3));
        (await RoutedAsync(cluster.Watch)).Sum().ShouldBe(0, "nobody has watched before");

        await cluster.Client.TokensAsync(Answers.Greedy([.. Prompt, 99], TokensMax));

        // The prompt is shorter than a block of the prefix cache; the last token goes through no layer.
        ShouldBeRows(await RoutedAsync(cluster.Watch), Prompt.Length + 1 + TokensMax - 1, cluster.Config.Experts, cluster.Config.Layers.Select(layer => layer.IsMoe));
    }

    /// <summary>Experts in the attention host and elsewhere, two stages: each host tells its own layers, and together they are all.</summary>
    [Fact]
    public async Task Counts_OfManyHosts_SumToTokensTimesLayers()
    {
        const HostRoles front = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway | HostRoles.Attention;
        var options = new ManyHostsOptions(ScoutNano.Directory, front | HostRoles.Experts, HostRoles.Attention, HostRoles.Experts);
        await using var hosts = await ManyHosts.StartAsync(options with { Bytes = options.LeastBytes() });
        hosts.Plan.Replicas[0].Stages.Length.ShouldBe(2);
        (await RoutedAsync(hosts.Watch)).Sum().ShouldBe(0);

        var config = hosts.Host(hosts.Ids[0]).Config;
        var wanted = config.Layers.Select(layer => layer.IsMoe ? (long)Prompt.Length + TokensMax - 1 : 0).ToArray();
        // A step that was too slow is done again, and counts twice.
        var found = new long[wanted.Length];
        for (var tries = 0; tries < 5 && !found.SequenceEqual(wanted); tries++)
        {
            var before = PerLayer(await RoutedAsync(hosts.Watch), config.Experts);
            await hosts.Client.TokensAsync(Answers.Greedy([.. Prompt[..^1], 40 + tries], TokensMax));
            found = [.. PerLayer(await RoutedAsync(hosts.Watch), config.Experts).Zip(before, (after, earlier) => after - earlier)];
        }

        found.ShouldBe(wanted);
    }

    private static async Task<long[]> RoutedAsync(IClusterWatch watch)
    {
        var status = await watch.WatchAsync(CancellationToken.None).AsTask().WaitAsync(Answers.Limit);
        return [.. status.Hosts.Select(host => host.RoutedTokens!).Aggregate((sum, more) => [.. sum.Zip(more, (a, b) => a + b)])];
    }

    private static long[] PerLayer(long[] tokens, int experts) => [.. tokens.Chunk(experts).Select(layer => layer.Sum())];

    private static void ShouldBeRows(long[] tokens, int rows, int experts, IEnumerable<bool> isMoe) =>
        PerLayer(tokens, experts).ShouldBe(isMoe.Select(moe => moe ? (long)rows : 0));
}
