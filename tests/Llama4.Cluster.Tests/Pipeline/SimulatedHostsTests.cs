using Llama4.Cluster.Pipeline;
using Llama4.Compute.Testing;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Pipeline;

[Collection(nameof(ManyHosts))]
public class SimulatedHostsTests
{
    [Fact]
    public async Task Hosts_OfTwoStages_CarryEveryRowThroughTheAttentionOfBoth()
    {
        const int Hosts = 8;
        const int Tokens = 5;
        using var clock = new SimulatedClock();
        await using var hosts = await SimulatedHosts.StartAsync(
            new SimulatedHostsOptions
            {
                ModelDirectory = ScoutNano.Directory,
                Hosts = Hosts,
                Clock = clock,
                Times = new GivenTimes(1e-4, 1e-4, Rows: 1),
                Device = "test",
                LinkDelay = TimeSpan.FromMicroseconds(100),
                Sequences = 4,
                Context = 64,
            },
            TestContext.Current.CancellationToken);
        hosts.Plan.Replicas[0].Stages.Select(stage => stage.Layers).ShouldBe([4, 4]);
        hosts.Plan.Layers.SelectMany(layer => layer.ExpertGroups).Select(group => group.Host).Distinct().Count().ShouldBe(Hosts - 2);
        var stages = hosts.Plan.Replicas[0].Stages;
        int[] prompt = [1, 2, 3];
        // The last token is given out and never computed.
        var wanted = stages.Select(stage => (Tokens * stage.Layers, (prompt.Length + Tokens - 1) * stage.Layers)).ToArray();

        // A step that a slow machine gave up is done again, and counts twice.
        (int, int)[] found = [];
        for (var tries = 0; tries < 5 && !found.SequenceEqual(wanted); tries++)
        {
            var before = Attentions();
            var chunks = await hosts.Client.AskAsync(Answers.Greedy(prompt, Tokens));
            chunks[^1].Finish.ShouldBe(FinishReason.Length);
            found = [.. Attentions().Zip(before, (after, earlier) => ((int)(after.Count - earlier.Count), (int)(after.Rows - earlier.Rows)))];
        }

        found.ShouldBe(wanted);

        (long Count, long Rows)[] Attentions() => [.. stages.Select(stage => hosts.Devices[stage.Host].Attentions)];
    }
}
