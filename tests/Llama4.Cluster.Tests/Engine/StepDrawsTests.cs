using Llama4.Cluster.Engine;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests.Engine;

/// <summary>Which ids of prompt and answer go with a draw.</summary>
public class StepDrawsTests
{
    private const int Vocabulary = 6;

    /// <summary>A draw that has only what it needs has the same distribution as one that has everything.</summary>
    [Fact]
    public void Needed_IsEnough()
    {
        var random = new Random(8);
        var fewer = 0;
        for (var i = 0; i < 4000; i++)
        {
            var (prompt, output) = (Ids(random), Ids(random));
            var settings = Settings(random);
            var (few, last) = StepDraws.Needed(View(settings, prompt, output));
            var logits = Enumerable.Range(0, Vocabulary).Select(_ => (float)random.NextDouble()).ToArray();
            var whole = new TokenDraw(settings, prompt, output, 0, 0, i, null);

            Sampler.Distribution(logits, whole with { Prompt = few, Output = last }).Probabilities.ShouldBe(Sampler.Distribution(logits, whole).Probabilities, $"case {i}: {settings}");
            fewer += few.Length + last.Length < prompt.Length + output.Length ? 1 : 0;
        }
        fewer.ShouldBeGreaterThan(1000);
    }

    [Fact]
    public void Needed_IsNoMore()
    {
        int[] prompt = [1, 2, 3], output = [4, 5];
        (int, int) Counts(SamplingSettings settings) => StepDraws.Needed(View(settings, prompt, output)) is var needed ? (needed.Prompt.Length, needed.Output.Length) : default;

        Counts(new()).ShouldBe((0, 0));
        Counts(new() { Rare = new() { PenaltyTokens = 4, TypicalP = 0.5 } }).ShouldBe((0, 0), "there is no penalty that would look");
        Counts(new() { BadSequences = [[1, 2]] }).ShouldBe((0, 1));
        Counts(new() { PresencePenalty = 1 }).ShouldBe((3, 2));
        Counts(new() { PresencePenalty = 1, Rare = new() { PenaltyTokens = 1 } }).ShouldBe((0, 1));
        Counts(new() { PresencePenalty = 1, Rare = new() { PenaltyTokens = 0 } }).ShouldBe((0, 0));
        Counts(new() { PresencePenalty = 1, Rare = new() { PenaltyTokens = 1, Dry = new() { Multiplier = 1, Tokens = 4 } } }).ShouldBe((2, 2));
        Counts(new() { Rare = new() { Dry = new() { Multiplier = 1, Tokens = int.MaxValue } } }).ShouldBe((3, 2));
    }

    private static SequenceView View(SamplingSettings settings, int[] prompt, int[] output) =>
        new(new GenerateRequest { Id = Guid.Empty, Prompt = prompt, TokensMax = 100, Sampling = settings }, prompt, output);

    private static int[] Ids(Random random) => [.. Enumerable.Range(0, random.Next(1, 20)).Select(_ => random.Next(Vocabulary - 1))];

    private static SamplingSettings Settings(Random random) => new()
    {
        RepetitionPenalty = random.Next(2) == 0 ? 1 : 1.3,
        FrequencyPenalty = random.Next(2) == 0 ? 0 : 0.3,
        BadSequences = random.Next(2) == 0 ? null : [[random.Next(3), random.Next(3), random.Next(3)], [5]],
        Rare = new RareSampling
        {
            PenaltyTokens = random.Next(3) == 0 ? int.MaxValue : random.Next(30),
            Dry = random.Next(2) == 0 ? null : new DrySettings { Multiplier = 1, AllowedLength = 1, Tokens = random.Next(3) == 0 ? int.MaxValue : random.Next(30), Breakers = [4], BreakerSequences = [[1, 2]] },
        },
    };
}
