using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>The tokens of a constrained answer do not depend on what else is in the batch, where its tokens are drawn, or on whether that host died on the way.</summary>
[Collection(nameof(ManyHosts))]
public class ConstrainedBitsTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Attention | HostRoles.Gateway;

    [Fact]
    public async Task Answer_UnderAConstraint_HasTheSameBitsInABatchAndSpread()
    {
        await using var one = await EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });
        await using var many = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Experts, Rest, HostRoles.Vocabulary));
        var request = Ask(1);
        var expected = await one.Client.AskAsync(request);

        foreach (var client in new[] { one.Client, many.Client })
        {
            var others = Enumerable.Range(0, 5).Select(i => client.TokensAsync(i == 4 ? Constrained.Ask("Hello", null) : Ask(i + 2))).ToArray();
            var answers = await Task.WhenAll(client.AskAsync(request with { Id = Guid.NewGuid() }), client.AskAsync(request with { Id = Guid.NewGuid() }));
            await Task.WhenAll(others);

            foreach (var answer in answers)
            {
                answer.Select(chunk => chunk.Token).ShouldBe(expected.Select(chunk => chunk.Token));
                Answers.Bits(answer).ShouldBe(Answers.Bits(expected));
            }
        }
    }

    /// <summary>The host that is lost knows the constraints and their states; its successor makes both again from what it is sent.</summary>
    [Fact]
    public async Task VocabularyHost_LostInMidAnswer_IsReplacedAndTheTokensAreTheSame()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, HostRoles.Experts, Rest, HostRoles.Vocabulary, HostRoles.Vocabulary));
        var requests = Enumerable.Range(0, 6).Select(i => Ask(i, items: 30)).ToArray();
        var undisturbed = await Task.WhenAll(requests.Select(request => hosts.Client.TokensAsync(request with { Id = Guid.NewGuid() })));
        var vocabulary = hosts.Plan.Replicas[0].Vocabulary;

        var answers = requests.Select(request => hosts.Client.TokensAsync(request)).ToArray();
        await hosts.KillAsync(vocabulary);
        var disturbed = await Task.WhenAll(answers);

        disturbed.ShouldBe(undisturbed);
        await hosts.PlanAsync(plan => plan.Replicas[0].Vocabulary != vocabulary);
    }

    [Fact]
    public async Task EngineHost_LostInMidAnswer_IsReplacedAndTheTokensAreTheSame()
    {
        await using var hosts = await ManyHosts.StartAsync(new ManyHostsOptions(
            ScoutNano.Directory, HostRoles.Experts | HostRoles.Vocabulary, Rest | HostRoles.Vocabulary, Rest | HostRoles.Vocabulary));
        var requests = Enumerable.Range(0, 4).Select(i => Ask(i, items: 30)).ToArray();
        var undisturbed = await Task.WhenAll(requests.Select(request => hosts.Client.TokensAsync(request with { Id = Guid.NewGuid() })));

        var answers = requests.Select(request => hosts.Client.TokensAsync(request)).ToArray();
        await hosts.KillAsync(hosts.Plan.Replicas[0].Engine);

        (await Task.WhenAll(answers)).ShouldBe(undisturbed);
    }

    /// <summary>A drawn array of some length: every token of it is drawn from several that are allowed.</summary>
    private static GenerateRequest Ask(int seed, int items = 12) =>
        Constrained.Ask(
            "Tell me a story.",
            Constrained.Schema($$"""{"type":"array","items":{"type":"integer","minimum":0,"maximum":{{990 + seed}}},"minItems":{{items}},"maxItems":{{items}}}"""), tokensMax: 400) with
        {
            Seed = (ulong)seed,
            Sampling = new SamplingSettings { Temperature = seed % 3 },
            TopLogprobs = 5,
        };
}
