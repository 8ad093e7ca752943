using Llama4.Contracts;

namespace Llama4.Model.Tests;

public class SamplerTests
{
    private static readonly float[] Flat = new float[64];

    [Theory]
    [InlineData(0, 0, 0)]
    [InlineData(1, 0, 0)]
    [InlineData(0, 1, 0)]
    [InlineData(0, 0, 1)]
    public void Draw_WithTheSameSeedChoiceAndPosition_IsTheSameTokenOnAnyThread(ulong seed, int choice, int position)
    {
        var draw = Draw() with { Seed = seed, Choice = choice, Position = position };
        var expected = Sampler.Draw(Flat, draw).Id;

        var drawn = new int[200];
        Parallel.For(0, drawn.Length, i => drawn[i] = Sampler.Draw(Flat, draw).Id);

        drawn.ShouldAllBe(id => id == expected);
    }

    [Fact]
    public void Draw_WithAnotherSeedChoiceOrPosition_IsIndependent()
    {
        // Of 64 equal tokens two independent draws agree once in 64 times: about 62 of 4,000, never 200.
        Agreements(i => Draw() with { Seed = 7, Position = i }, i => Draw() with { Seed = 8, Position = i }).ShouldBeLessThan(200);
        Agreements(i => Draw() with { Choice = 0, Position = i }, i => Draw() with { Choice = 1, Position = i }).ShouldBeLessThan(200);
        Agreements(i => Draw() with { Position = i }, i => Draw() with { Position = i + 1 }).ShouldBeLessThan(200);
        Agreements(i => Draw() with { Choice = 3, Position = i }, i => Draw() with { Choice = i, Position = 3 }).ShouldBeLessThan(200);
    }

    [Fact]
    public void Draw_AtTemperatureZero_TakesTheLowestOfEqualIds()
    {
        foreach (var length in new[] { 1, 2, 7, 8, 15, 16, 17, 31, 33, 100 })
        {
            for (var first = 0; first < length; first++)
            {
                var logits = Enumerable.Repeat(-5f, length).ToArray();
                for (var id = first; id < length; id += 3)
                    logits[id] = 2;
                Sampler.Draw(logits, Draw(temperature: 0)).Id.ShouldBe(first, $"of {length}");
                // The way with a penalty is another one: it must choose alike.
                Sampler.Draw(logits, Draw(temperature: 0, new SamplingSettings { LogitBias = new() { [0] = 0 } })).Id.ShouldBe(first, $"of {length}");
            }
        }
    }

    [Fact]
    public void Draw_AtTemperatureZero_IgnoresNoiseAndCuts()
    {
        float[] logits = [1, 3, 2];
        var settings = new SamplingSettings { TopP = 0.1, TopK = 1, MinP = 1 };

        for (var position = 0; position < 50; position++)
            Sampler.Draw(logits, Draw(temperature: 0, settings) with { Position = position }).Id.ShouldBe(1);
        Sampler.Distribution(logits, Draw(temperature: 0, settings)).Probabilities.ShouldBe([new TokenProbability(1, 1)]);
    }

    [Fact]
    public void Draw_WhenAllButOneAreMinusInfinity_TakesThatOne()
    {
        foreach (var settings in Extremes())
        {
            var logits = Enumerable.Repeat(float.NegativeInfinity, 37).ToArray();
            logits[20] = -3;
            for (var position = 0; position < 20; position++)
                Sampler.Draw(logits, new TokenDraw(settings, default, default, 1, 0, position, 3)).Id.ShouldBe(20, settings.ToString());
        }
    }

    [Fact]
    public void Draw_WithHugeBias_TakesThatToken()
    {
        foreach (var bias in new[] { 1e3, 1e30, 1e300, double.MaxValue, double.PositiveInfinity })
        {
            var settings = new SamplingSettings { LogitBias = new() { [5] = bias, [63] = -bias } };
            for (var position = 0; position < 20; position++)
                Sampler.Draw(Flat, Draw(1, settings) with { Position = position }).Id.ShouldBe(5);
        }
    }

    [Fact]
    public void Draw_WithExtremeSettings_StaysWithinTheListedTokens()
    {
        var random = new Random(5);
        foreach (var settings in Extremes())
        {
            foreach (var logits in new[] { Flat, [.. Enumerable.Range(0, 300).Select(_ => (float)(random.NextDouble() * 20))], [float.MaxValue, -float.MaxValue, 0] })
            {
                var draw = new TokenDraw(settings, default, default, 9, 0, 0, null);
                var listed = Sampler.Distribution(logits, draw).Probabilities;
                listed.Sum(token => token.Probability).ShouldBe(1, 1e-9, settings.ToString());
                for (var position = 0; position < 100; position++)
                    listed.Select(token => token.Id).ShouldContain(Sampler.Draw(logits, draw with { Position = position }).Id);
            }
        }
    }

    [Fact]
    public void Draw_WhenNothingCanBeDrawn_Throws()
    {
        var logits = Enumerable.Repeat(float.NegativeInfinity, 20).ToArray();

        Should.Throw<InvalidOperationException>(() => Sampler.Draw(logits, Draw(temperature: 0))).Message.ShouldContain("20 logits");
        Should.Throw<InvalidOperationException>(() => Sampler.Draw(logits, Draw(temperature: 1)));
        Should.Throw<InvalidOperationException>(() => Sampler.Draw(Enumerable.Repeat(float.NaN, 20).ToArray(), Draw(temperature: 1)));
    }

    [Fact]
    public void Draw_WithLogprobs_ReportsThoseOfTheRawLogits()
    {
        float[] logits = [0, 1, 3, 3, 2];
        var settings = new SamplingSettings { Temperature = 0, LogitBias = new() { [4] = 50 } };

        var drawn = Sampler.Draw(logits, new TokenDraw(settings, default, default, 0, 0, 0, 3));

        var sum = logits.Sum(logit => Math.Exp(logit));
        drawn.Id.ShouldBe(4);
        drawn.Logprob!.Value.ShouldBe(2 - Math.Log(sum), 1e-12);
        drawn.Top!.Select(token => token.Id).ShouldBe([2, 3, 4]);
        drawn.Top!.Select(token => Math.Exp(token.Logprob) * sum).ShouldBe([Math.Exp(3), Math.Exp(3), Math.Exp(2)], 1e-9);
    }

    [Theory]
    [InlineData(null, false, 0)]
    [InlineData(0, true, 0)]
    [InlineData(2, true, 2)]
    [InlineData(20, true, 5)]
    public void Draw_WithLogprobCount_ReportsAsManyAsThereAre(int? count, bool hasLogprob, int top)
    {
        var drawn = Sampler.Draw([0f, 1, 3, 3, 2], Draw() with { TopLogprobs = count });

        drawn.Logprob.HasValue.ShouldBe(hasLogprob);
        (drawn.Top?.Length).ShouldBe(hasLogprob ? top : null);
    }

    /// <summary>Settings that would change a draw change nothing of what is only reported.</summary>
    [Theory]
    [InlineData(0, 5)]
    [InlineData(1, 4)]
    [InlineData(2, 1)]
    [InlineData(3, 2)]
    [InlineData(4, 3)]
    public void Draw_ThatIsForced_ReportsTheTokenWithItsRank(int id, int rank)
    {
        float[] logits = [0, 1, 3, 3, 2];
        var settings = new SamplingSettings { Temperature = 0.3, LogitBias = new() { [4] = 50 }, RepetitionPenalty = 1.5, AllowedIds = [4] };

        var told = Sampler.Draw(logits, new TokenDraw(settings, new[] { 2 }, default, 0, 0, 0, 5) { Forced = id, Deferred = [3] });

        told.Id.ShouldBe(id);
        told.Rank.ShouldBe(rank);
        told.Logprob!.Value.ShouldBe(logits[id] - Math.Log(logits.Sum(logit => Math.Exp(logit))), 1e-12);
        told.Top!.Select(token => token.Id).ShouldBe([2, 3, 4, 1, 0]);
        told.Top![rank - 1].ShouldBe(new TokenLogprob(id, told.Logprob.Value));
    }

    /// <summary>The penalties need counts by id; a pooled array that was used before must not leak into them.</summary>
    [Fact]
    public void Draw_WithPenaltiesAfterOtherDraws_CountsItsOwnTokensOnly()
    {
        float[] logits = [2, 1.5f, 1, 0];
        var settings = new SamplingSettings { Temperature = 0, FrequencyPenalty = 0.3 };

        Sampler.Draw(logits, new TokenDraw(settings, default, new[] { 1, 1, 1, 1 }, 0, 0, 0, null)).Id.ShouldBe(0);
        Sampler.Draw(logits, new TokenDraw(settings, new[] { 0 }, new[] { 0, 0 }, 0, 0, 0, null)).Id.ShouldBe(1);
        Sampler.Draw(logits, new TokenDraw(settings, new[] { 0, 99, -4 }, new[] { 3 }, 0, 0, 0, null)).Id.ShouldBe(0);
    }

    /// <summary>At Llama 4's vocabulary a copy of the logits is 1.6 MB: a draw after warm-up allocates less than a thousandth of it.</summary>
    [Fact]
    public void Draw_AfterWarmUp_AllocatesNothingThatGrowsWithTheVocabulary()
    {
        var random = new Random(3);
        var logits = Enumerable.Range(0, 202_048).Select(_ => (float)(random.NextDouble() * 12)).ToArray();
        var settings = new SamplingSettings { Temperature = 0.7, TopP = 0.9, TopK = 1000, FrequencyPenalty = 0.1, LogitBias = new() { [1] = 1 } };
        var draw = new TokenDraw(settings, default, new[] { 3, 4 }, 0, 0, 0, 20);
        Sampler.Draw(logits, draw);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var position = 0; position < 10; position++)
            Sampler.Draw(logits, draw with { Position = position });
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(10 * 1600);

        before = GC.GetAllocatedBytesForCurrentThread();
        Sampler.Draw(logits, Draw(temperature: 0));
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(1000);
    }

    private static int Agreements(Func<int, TokenDraw> a, Func<int, TokenDraw> b) =>
        Enumerable.Range(0, 4000).Count(i => Sampler.Draw(Flat, a(i)).Id == Sampler.Draw(Flat, b(i)).Id);

    private static TokenDraw Draw(double temperature = 1, SamplingSettings? settings = null) =>
        new((settings ?? new SamplingSettings()) with { Temperature = temperature }, default, default, 0, 0, 0, null);

    private static IEnumerable<SamplingSettings> Extremes() =>
    [
        new(),
        new() { Temperature = 1e-300 },
        new() { Temperature = 1e-9 },
        new() { Temperature = 1e9, TopP = 0.5 },
        new() { Temperature = double.Epsilon },
        new() { Temperature = double.MaxValue, MinP = 0.5, TopP = 0.5, Rare = new() { TypicalP = 0.9, XtcProbability = 1, TopNSigma = 3 } },
        new() { Temperature = double.MaxValue, Rare = new() { TemperatureRange = 2 } },
        new() { TopP = 1e-300 },
        new() { TopP = Math.BitDecrement(1) },
        new() { TopK = 1 },
        new() { TopK = int.MaxValue, TopP = 0.999 },
        new() { MinP = 1 },
        new() { MinP = 1e-300, TopK = 5, TopP = 0.5 },
    ];
}
