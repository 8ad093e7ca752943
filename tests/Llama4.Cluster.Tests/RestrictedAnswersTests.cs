using Llama4.Cluster.Tests.Constraints;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests;

/// <summary>Answers whose requests forbid tokens: what is forbidden does not come, and the tokens are the same alone, in a batch, elsewhere, and taken up again.</summary>
[Collection(nameof(ManyHosts))]
public class RestrictedAnswersTests
{
    private const HostRoles Rest = HostRoles.Engine | HostRoles.Attention | HostRoles.Gateway;

    /// <summary>The model would end after some ten tokens.</summary>
    private const int TokensMin = 40;

    [Fact]
    public async Task StopIds_BeforeTheLeastTokens_AreNotDrawn()
    {
        await using var cluster = await StartAsync();
        var request = Constrained.Ask("What is the capital of France?", null, tokensMax: 60);
        var free = await cluster.Client.TokensAsync(request);
        free.Length.ShouldBeLessThan(TokensMin);
        request.StopIds.ShouldContain(free[^1]);

        foreach (var settings in (SamplingSettings[])[request.Sampling, new SamplingSettings { Temperature = 1.2 }])
        {
            var held = await cluster.Client.TokensAsync(Again(request) with { TokensMin = TokensMin, Sampling = settings });

            held.Length.ShouldBeGreaterThanOrEqualTo(TokensMin);
            held[..TokensMin].Intersect(request.StopIds).ShouldBeEmpty();
        }

        var exact = await cluster.Client.TokensAsync(Again(request) with { TokensMin = free.Length - 1 });
        exact.ShouldBe(free, "the stop id is the token behind the least");
    }

    [Fact]
    public async Task Constraint_ThatMustEndBefore_Ends()
    {
        await using var cluster = await StartAsync();
        var request = Constrained.Ask("Yes or no?", new DecodingConstraint { Kind = ConstraintKind.Regex, Text = "(yes|no)!?" }) with { TokensMin = TokensMin };

        var chunks = await cluster.Client.AskAsync(request);

        chunks[^1].Finish.ShouldBe(FinishReason.Stop, chunks[^1].Error);
        Constrained.Text(chunks, request).ShouldBeOneOf(["yes!", "no!"], "where it may go on it goes on");
    }

    [Fact]
    public async Task BadSequences_DoNotCome()
    {
        await using var cluster = await StartAsync();
        var request = Constrained.Ask("What is the capital of France?", null);
        var free = await cluster.Client.TokensAsync(request);
        int[][] bad = [free[2..5], [free[6]]];

        var answer = await cluster.Client.TokensAsync(Again(request) with { Sampling = request.Sampling with { BadSequences = bad } });

        answer[..4].ShouldBe(free[..4], "the sequence's beginning is not forbidden");
        answer[4].ShouldNotBe(free[4]);
        answer.ShouldNotContain(free[6]);
        answer.AsSpan().IndexOf(bad[0]).ShouldBe(-1);
    }

    /// <summary>The ids that it needs are few: only the digits, and what ends the answer.</summary>
    [Fact]
    public async Task AllowedIds_AreAllThatComes()
    {
        await using var cluster = await StartAsync();
        var request = Constrained.Ask("What is two plus two?", null, tokensMax: 12);
        int[] allowed = [.. Constrained.Tokenizer.Encode("0123456789"), ScoutNano.EndOfTurn];

        var chunks = await cluster.Client.AskAsync(request with { Sampling = request.Sampling with { AllowedIds = allowed }, TopLogprobs = 3 });

        chunks.ShouldAllBe(chunk => allowed.Contains(chunk.Token!.Value));
        chunks.SelectMany(chunk => chunk.TopLogprobs!).ShouldContain(top => !allowed.Contains(top.Id), "log-probabilities are those of the raw logits");
    }

    [Fact]
    public async Task Request_ThatForbidsEverything_FailsAlone()
    {
        await using var cluster = await StartAsync();
        var request = Constrained.Ask("Hello", null, tokensMax: 30);
        var nothing = request with { Id = Guid.NewGuid(), Sampling = request.Sampling with { AllowedIds = [5], BadSequences = [[5]] } };
        var expected = await cluster.Client.TokensAsync(request);

        var others = Enumerable.Range(0, 4).Select(_ => cluster.Client.TokensAsync(Again(request))).ToArray();
        var failed = await cluster.Client.AskAsync(nothing);

        failed.ShouldHaveSingleItem().Finish.ShouldBe(FinishReason.Error);
        failed[0].Error!.ShouldContain("none can be drawn");
        failed[0].IsOfRequest.ShouldBeTrue();
        (await Task.WhenAll(others)).ShouldAllBe(tokens => tokens.SequenceEqual(expected));
    }

    /// <summary>The vocabulary is on another host, others are in the batch, and the second half is asked for again with the first as what was emitted.</summary>
    [Fact]
    public async Task Tokens_AreTheSameWhereverAndHoweverTheyAreDrawn()
    {
        await using var one = await StartAsync();
        await using var many = await ManyHosts.StartAsync(new ManyHostsOptions(ScoutNano.Directory, HostRoles.Experts, Rest, HostRoles.Vocabulary));
        var plain = Constrained.Ask("Tell me a story.", null, tokensMax: 48);
        var bad = (await one.Client.TokensAsync(plain))[3..6];
        var request = plain with
        {
            Sampling = new SamplingSettings { Temperature = 0.9, BadSequences = [bad, [bad[1], bad[0]]], RepetitionPenalty = 1.1 },
            Seed = 11,
            TokensMin = TokensMin,
        };
        var expected = await one.Client.TokensAsync(Again(request));

        foreach (var client in (IGenerationClient[])[one.Client, many.Client])
        {
            var others = Enumerable.Range(0, 5).Select(i => client.TokensAsync(Again(request) with { Seed = 100 + (ulong)i })).ToArray();
            (await client.TokensAsync(Again(request))).ShouldBe(expected);
            await Task.WhenAll(others);
            foreach (var emitted in (int[])[4, 5, TokensMin - 1, TokensMin])
                (await client.TokensAsync(Again(request) with { Emitted = expected[..emitted] })).ShouldBe(expected[emitted..], $"after {emitted}");
        }
    }

    [Fact]
    public async Task Prefix_IsSharedWithinASaltOnly()
    {
        await using var cluster = await StartAsync();
        var request = Answers.Greedy([ScoutNano.Bos, .. Enumerable.Range(1, 99)], tokensMax: 4);
        var first = await cluster.Client.AskAsync(request with { CacheSalt = "a" });

        var other = await cluster.Client.AskAsync(Again(request) with { CacheSalt = "b" });
        var none = await cluster.Client.AskAsync(Again(request));
        var same = await cluster.Client.AskAsync(Again(request) with { CacheSalt = "a" });

        (first[0].CachedTokens, other[0].CachedTokens, none[0].CachedTokens, same[0].CachedTokens).ShouldBe((0, 0, 0, 96));
        foreach (var answer in new[] { other, none, same })
            answer.Select(chunk => chunk.Token).ShouldBe(first.Select(chunk => chunk.Token));
    }

    private static Task<EmbeddedCluster> StartAsync() => EmbeddedCluster.StartAsync(new EmbeddedClusterOptions { ModelDirectory = ScoutNano.Directory });

    private static GenerateRequest Again(GenerateRequest request) => request with { Id = Guid.NewGuid() };
}
