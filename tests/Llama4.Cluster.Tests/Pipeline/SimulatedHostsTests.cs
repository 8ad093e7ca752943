using Llama4.Cluster.Pipeline;
using Llama4.Compute.Testing;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Pipeline;

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
        var request = new GenerateRequest { Id = Guid.NewGuid(), Prompt = [1, 2, 3], TokensMax = Tokens, Sampling = new SamplingSettings { Temperature = 0 } };
        var (_, generation) = await hosts.Client.SubmitAsync(request, TestContext.Current.CancellationToken);
        var chunks = new List<TokenChunk>();
        await foreach (var chunk in generation!.Chunks(TestContext.Current.CancellationToken))
        {
            chunks.Add(chunk);
        }

        chunks[^1].Finish.ShouldBe(FinishReason.Length);
        foreach (var stage in hosts.Plan.Replicas[0].Stages)
        {
            // The last token is given out and never computed.
            hosts.Devices[stage.Host].Attentions.ShouldBe((Tokens * stage.Layers, (request.Prompt.Length + Tokens - 1) * stage.Layers));
        }
    }
}
