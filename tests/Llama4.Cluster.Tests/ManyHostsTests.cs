using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>The bits of the whole vocabulary's log-probabilities are the same, however the model is spread.</summary>
[Collection(nameof(ManyHosts))]
public class ManyHostsTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Vocabulary | HostRoles.Gateway;

    private static readonly int[] Prompt = [ScoutNano.Bos, .. Enumerable.Range(100, 40)];

    public static TheoryData<string, ManyHostsOptions> Spreads => new()
    {
        { "2 hosts of every role", new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any) },
        { "4 hosts of every role", new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any, HostRoles.Any, HostRoles.Any, HostRoles.Any) },
        { "attention, experts and the rest apart", new ManyHostsOptions(ScoutNano.Directory, Rest, HostRoles.Attention, HostRoles.Experts, HostRoles.Experts) },
        { "16 groups", new ManyHostsOptions(ScoutNano.Directory, HostRoles.Any) { Groups = 16 } },
    };

    [Theory]
    [MemberData(nameof(Spreads))]
    public async Task Answer_HoweverTheModelIsSpread_HasTheSameBits(string spread, ManyHostsOptions options)
    {
        var before = PooledPayload.Outstanding;
        var request = Answers.Greedy(Prompt, 12) with { TopLogprobs = ScoutNano.Vocabulary };
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        await using var many = await ManyHosts.StartAsync(options);

        var expected = await one.Client.AskAsync(request);
        var answers = await Task.WhenAll(Enumerable.Range(0, 3).Select(_ => many.Client.AskAsync(request with { Id = Guid.NewGuid() })));

        foreach (var answer in answers)
            Answers.Bits(answer).ShouldBe(Answers.Bits(expected), spread);
        await Answers.GivenBackAsync(before);
    }
}
