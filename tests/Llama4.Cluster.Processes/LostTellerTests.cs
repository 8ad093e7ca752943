using Llama4.Cluster.Tests;
using Llama4.Contracts;
using Llama4.FaultBench;

namespace Llama4.Cluster.Processes;

/// <summary>
/// The host that told a gateway whom not to call is gone, and the one it told of is all that is left. The gateway opens no connections to suspects, so it must forget them.
/// </summary>
[Collection(nameof(RealFaultTests))]
public class LostTellerTests
{
    private const int Tokens = 1000;

    /// <summary>Several times as long as it is between two of its questions.</summary>
    private static readonly TimeSpan GatewayAsks = TimeSpan.FromMilliseconds(300);

    private static readonly TimeSpan Limit = TimeSpan.FromMinutes(4);

    [Fact]
    public async Task Stream_GoesOnThroughTheSuspect()
    {
        Assert.SkipUnless(RedisProcess.IsInstalled, "redis-server is not installed (Debian: redis-server)");
        await using var cluster = await SpreadCluster.StartAsync(Spread.Twins, status => status is { Plan.Hosts.Length: 2, Waiting: null }, Limit);
        var expected = await TokensAsync(cluster, _ => { });
        var before = await cluster.StatusAsync(_ => true, Limit);
        var teller = await cluster.ProcessAsync(before.Leader, Limit);
        var suspect = await cluster.ProcessAsync(before.Hosts.Single(host => host.Host != before.Leader).Host, Limit);

        suspect.Signal("STOP");
        await cluster.StatusAsync(status => status.Hosts.Any(host => host.Condition == HostCondition.Suspected), Limit);
        await Task.Delay(GatewayAsks);

        var tokens = await TokensAsync(cluster, emitted =>
        {
            if (emitted != 20)
                return;
            teller.Kill();
            suspect.Signal("CONT");
        });

        tokens.Length.ShouldBe(Tokens);
        tokens.ShouldBe(expected);
    }

    /// <param name="emitted">Told of each token how many there are.</param>
    private static async Task<int[]> TokensAsync(SpreadCluster cluster, Action<int> emitted)
    {
        using var limit = new CancellationTokenSource(Limit);
        var generation = await cluster.Client.AcceptedAsync(Answers.Greedy([ScoutNano.Bos, 1, 2, 3], Tokens), limit.Token);
        var tokens = new List<int>();
        await foreach (var chunk in generation.Chunks())
        {
            chunk.Error.ShouldBeNull();
            if (chunk.Token is { } token)
                tokens.Add(token);
            emitted(tokens.Count);
        }
        return [.. tokens];
    }
}
