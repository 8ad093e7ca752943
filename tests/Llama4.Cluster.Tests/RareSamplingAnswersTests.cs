using Llama4.Cluster.Tests.Constraints;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Answers drawn with the rare settings: what they are for shows, and the tokens are the same alone, in a batch, elsewhere, and taken up again.</summary>
[Collection(nameof(ManyHosts))]
public class RareSamplingAnswersTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Attention | HostRoles.Gateway;

    private static readonly DrySettings Dry = new() { Multiplier = 2, Tokens = int.MaxValue, Breakers = Constrained.Tokenizer.Encode("."), BreakerSequences = [Constrained.Tokenizer.Encode("once upon")] };

    public static TheoryData<string, SamplingSettings> Settings { get; } = new()
    {
        { "dry, greedy", new() { Temperature = 0, Rare = new() { Dry = Dry } } },
        { "dry and penalties with windows", new() { Temperature = 0.9, RepetitionPenalty = 1.2, FrequencyPenalty = 0.2, Rare = new() { PenaltyTokens = 20, Dry = Dry with { Tokens = 32 } } } },
        { "xtc", new() { Temperature = 1, Rare = new() { XtcProbability = 0.6, XtcThreshold = 0.05 } } },
        {
            "all", new()
            {
                Temperature = 0.8, TopP = 0.95, MinP = 0.001, BadSequences = [[5, 6], [7]], RepetitionPenalty = 1.1,
                Rare = new() { TypicalP = 0.9, TopNSigma = 4, XtcProbability = 0.5, TemperatureRange = 0.4, TemperatureExponent = 0.7, MinKeep = 2, PenaltyTokens = 30, Dry = Dry },
            }
        },
    };

    /// <summary>The vocabulary is on another host, others are in the batch, and the answer is asked for again with its beginning as what was emitted.</summary>
    [Theory]
    [MemberData(nameof(Settings))]
    public async Task Tokens_AreTheSameWhereverAndHoweverTheyAreDrawn(string what, SamplingSettings settings)
    {
        await using var one = await StartAsync();
        await using var many = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Experts, Rest, HostRoles.Vocabulary));
        var request = Constrained.Ask("Tell me a story, tell me a story, tell me a story.", null, tokensMax: 48) with { Sampling = settings, Seed = 11, StopIds = [] };
        var expected = await one.Client.TokensAsync(Again(request));
        expected.ShouldNotBe(await one.Client.TokensAsync(Again(request) with { Sampling = settings with { Rare = null } }), what);

        foreach (var client in (IGenerationClient[])[one.Client, many.Client])
        {
            var others = Enumerable.Range(0, 5).Select(i => client.TokensAsync(Again(request) with { Seed = 100 + (ulong)i })).ToArray();
            (await client.TokensAsync(Again(request))).ShouldBe(expected, what);
            await Task.WhenAll(others);
            foreach (var emitted in (int[])[1, 7, 30, 47])
                (await client.TokensAsync(Again(request) with { Emitted = expected[..emitted] })).ShouldBe(expected[emitted..], $"{what}, after {emitted}");
        }
    }

    /// <summary>Greedy answers of a small model run in circles; with DRY no sequence of ten tokens comes twice.</summary>
    [Fact]
    public async Task Dry_KeepsAnAnswerFromRunningInCircles()
    {
        await using var cluster = await StartAsync();
        var request = Answers.Greedy([ScoutNano.Bos, 5, 6, 7, 5, 6, 7, 5, 6, 7], tokensMax: 200);

        var plain = await cluster.Client.TokensAsync(request);
        var dry = await cluster.Client.TokensAsync(Again(request) with { Sampling = request.Sampling with { Rare = new() { Dry = new() { Multiplier = 5, Tokens = int.MaxValue } } } });

        Repeated(plain, 10).ShouldBeTrue("the model runs in circles by itself");
        Repeated(dry, 10).ShouldBeFalse();
    }

    /// <summary>A grammar that leaves one way only is followed, whatever the samplers would drop.</summary>
    [Fact]
    public async Task Constraint_GoesBeforeEverySampler()
    {
        await using var cluster = await StartAsync();
        var request = Constrained.Ask("Repeat.", new DecodingConstraint { Kind = ConstraintKind.Regex, Text = "(abcd ){12}" }, tokensMax: 100) with
        {
            Sampling = new SamplingSettings { Temperature = 1, Rare = new() { TypicalP = 0.1, TopNSigma = 0.1, XtcProbability = 1, XtcThreshold = 0, TemperatureRange = 1, Dry = new() { Multiplier = 100, Base = 100 } } },
        };

        var chunks = await cluster.Client.AskAsync(request);

        chunks[^1].Finish.ShouldBe(FinishReason.Stop, chunks[^1].Error);
        Constrained.Text(chunks, request).ShouldBe(string.Concat(Enumerable.Repeat("abcd ", 12)));
    }

    private static bool Repeated(int[] tokens, int length) =>
        Enumerable.Range(0, tokens.Length - length + 1).Select(at => string.Join(',', tokens[at..(at + length)])).GroupBy(text => text).Any(group => group.Count() > 1);

    private static Task<EmbeddedCluster> StartAsync() => EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });

    private static GenerateRequest Again(GenerateRequest request) => request with { Id = Guid.NewGuid() };
}
