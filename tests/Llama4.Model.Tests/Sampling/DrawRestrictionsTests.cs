using Llama4.Contracts;

namespace Llama4.Model.Tests.Sampling;

/// <summary>What a request forbids is not drawn, however much likelier it is, and what it allows is drawn as if the rest were not there.</summary>
public class DrawRestrictionsTests
{
    /// <summary>Ids by falling logit: 0, 1, 2, 3.</summary>
    private static readonly float[] Logits = [9, 6, 3, 0];

    private static readonly SamplingSettings Greedy = new() { Temperature = 0 };

    [Fact]
    public void AllowedIds_AreTheOnlyOnesDrawn()
    {
        Draw(Greedy with { AllowedIds = [3, 2, 2] }).ShouldBe(2);
        Draw(Greedy with { AllowedIds = [3, 99, -1] }).ShouldBe(3, "ids that the vocabulary has not change nothing");
        Draw(Greedy with { AllowedIds = [1, 3], LogitBias = new() { [3] = 100, [2] = 100 } }).ShouldBe(3, "bias moves only what is allowed");
        for (var seed = 0UL; seed < 100; seed++)
        {
            var settings = new SamplingSettings { AllowedIds = [1, 3], Temperature = 3, TopK = 2 };
            Sampler.Draw(Logits, new TokenDraw(settings, default, default, seed, 0, 0, null)).Id.ShouldBeOneOf([1, 3]);
        }
    }

    /// <summary>Cuts see what is allowed only, so that the distribution is that of a model without the other tokens.</summary>
    [Fact]
    public void AllowedIds_HaveTheDistributionOfAModelWithoutTheOthers()
    {
        var settings = new SamplingSettings { TopP = 0.99, TopK = 2, AllowedIds = [1, 2, 3] };
        var expected = Sampler.Distribution([6, 3, 0], new TokenDraw(settings with { AllowedIds = null }, default, default, 0, 0, 0, null)).Probabilities;

        var found = Sampler.Distribution(Logits, new TokenDraw(settings, default, default, 0, 0, 0, null)).Probabilities;

        found.Select(one => one.Id - 1).ShouldBe(expected.Select(one => one.Id));
        found.Zip(expected).ShouldAllBe(pair => Math.Abs(pair.First.Probability - pair.Second.Probability) < 1e-12);
    }

    [Theory]
    [InlineData(new int[0], 1)] // 0 alone is bad wherever it stands
    [InlineData(new[] { 5 }, 1)]
    [InlineData(new[] { 5, 2 }, 2)] // 1 is bad behind 5, 2
    [InlineData(new[] { 2, 5, 2 }, 2)]
    [InlineData(new[] { 5, 2, 2 }, 1)]
    [InlineData(new[] { 2 }, 1)] // the beginning of the sequence is missing
    public void BadSequences_LoseTheirLastIdBehindTheOthers(int[] output, int expected) =>
        Draw(Greedy with { BadSequences = [[0], [5, 2, 1], [5, 5]] }, output).ShouldBe(expected);

    [Fact]
    public void DeferredIds_AreDrawnOnlyWhereThereIsNoOther()
    {
        Draw(Greedy, deferred: [0, 2]).ShouldBe(1);
        Draw(Greedy with { AllowedIds = [0, 2] }, deferred: [0, 2, 0]).ShouldBe(0);
        Draw(Greedy, deferred: [99]).ShouldBe(0);
        Draw(Greedy, deferred: [0], mask: [0b1001]).ShouldBe(3, "the constraint lets the answer go on");
        Draw(Greedy, deferred: [0], mask: [0b0001]).ShouldBe(0, "the constraint lets it end only");
    }

    [Fact]
    public void Draw_WhereEverythingIsForbidden_Throws() =>
        Should.Throw<InvalidOperationException>(() => Draw(Greedy with { AllowedIds = [1], BadSequences = [[1]] }));

    [Fact]
    public void Logprobs_DoNotKnowOfWhatIsForbidden()
    {
        var plain = new TokenDraw(Greedy, default, default, 0, 0, 0, 4);

        var drawn = Sampler.Draw(Logits, plain with { Settings = Greedy with { AllowedIds = [2], BadSequences = [[0]] }, Deferred = [1] });

        drawn.Top.ShouldBe(Sampler.Draw(Logits, plain).Top);
        drawn.Logprob.ShouldBe(drawn.Top!.Single(top => top.Id == 2).Logprob);
    }

    private static int Draw(SamplingSettings settings, int[]? output = null, int[]? deferred = null, uint[]? mask = null) =>
        Sampler.Draw(Logits, new TokenDraw(settings, default, output, 0, 0, 0, null) { Deferred = deferred }, new TokenMask(mask)).Id;
}
