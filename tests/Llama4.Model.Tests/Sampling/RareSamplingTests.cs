using Llama4.Contracts;

namespace Llama4.Model.Tests.Sampling;

/// <summary>Each stage alone, and all of them together, against <see cref="PlainSampler"/> over generated logits, texts and settings.</summary>
public class RareSamplingTests
{
    private const int Cases = 1000;

    /// <summary>The sampler takes less than e^-708 of the greatest for 0.</summary>
    private const double Least = 1e-300;

    public static TheoryData<string> Stages { get; } = ["typical", "sigma", "xtc", "dynamic", "dry", "window", "keep", "all"];

    [Theory]
    [MemberData(nameof(Stages))]
    public void Distribution_IsThatOfThePlainRule(string stage)
    {
        var random = new Random(stage.Length);
        var (skipped, changed) = (0, 0);
        for (var i = 0; i < Cases; i++)
        {
            var logits = Logits(random);
            var (prompt, output) = (Text(random, logits.Length), Text(random, logits.Length));
            var settings = Settings(stage, random, logits.Length);
            // Always or never: what noise decides is tested below.
            var excludes = settings.Rare!.XtcProbability == 1;
            var expected = PlainSampler.Distribution(logits, settings, prompt, output, excludes);

            var found = Sampler.Distribution(logits, new TokenDraw(settings, prompt, output, 1, 0, i, null)).Probabilities.Where(one => one.Probability > Least).ToList();

            changed += Differs(PlainSampler.Distribution(logits, settings with { Rare = null }, prompt, output, false), expected) ? 1 : 0;
            int[] ids = [.. expected.Where(one => one.Value > Least).Select(one => one.Key).Order()];
            if (!found.Select(one => one.Id).SequenceEqual(ids) && IsNearABorder(logits, settings, prompt, output, excludes))
            {
                skipped++;
                continue;
            }
            found.Select(one => one.Id).ShouldBe(ids, $"case {i}: {settings}");
            found.ShouldAllBe(one => Math.Abs(one.Probability - expected[one.Id]) < 1e-9, $"case {i}: {settings}");
        }
        skipped.ShouldBeLessThan(Cases / 50, "a case is left out only where rounding decides");
        changed.ShouldBeGreaterThan(Cases / 10, "the stage does something");
    }

    /// <summary>What is asked for in vain changes no bit: the noise of the token is the same with and without.</summary>
    [Fact]
    public void Draw_WithRareSettingsThatAreNeutral_IsTheSameToken()
    {
        var random = new Random(4);
        for (var i = 0; i < 500; i++)
        {
            var logits = Logits(random);
            var plain = new SamplingSettings { Temperature = 0.8, TopP = 0.9, TopK = 20, MinP = 0.01, RepetitionPenalty = 1.2, FrequencyPenalty = 0.1 };
            var draw = new TokenDraw(plain, Text(random, logits.Length), Text(random, logits.Length), 3, 1, i, null);
            var rare = new RareSampling { TopNSigma = 1e9, XtcProbability = 1, XtcThreshold = 0.6, MinKeep = 1, TypicalP = 1, PenaltyTokens = 1000, Dry = new DrySettings { Multiplier = 5, AllowedLength = 100 } };

            Bits(Sampler.Distribution(logits, draw with { Settings = plain with { Rare = rare } })).ShouldBe(Bits(Sampler.Distribution(logits, draw)));
            Sampler.Draw(logits, draw with { Settings = plain with { Rare = rare } }).Id.ShouldBe(Sampler.Draw(logits, draw).Id);
        }
    }

    /// <summary>Found with 512-bit vectors; 256 bits, 128 bits, no vectors at all and other machines must give them too.</summary>
    [Fact]
    public void Distribution_WithAnyVectorWidth_HasTheSameBits()
    {
        ulong hash = 0;
        for (var i = 0; i < 500; i++)
        {
            // Sums only, so that no library's function has a say in what the test asks for.
            var logits = Enumerable.Range(0, 300).Select(id => (float)((id * 7919 + i * 104_729) % 1009) / 64).ToArray();
            int[] text = [.. Enumerable.Range(0, 40).Select(at => (at * i) % 7)];
            var rare = new RareSampling
            {
                TypicalP = 0.6 + 0.0007 * i, TopNSigma = 1 + 0.003 * i, XtcProbability = 0.5, XtcThreshold = 0.01, TemperatureRange = 0.5, TemperatureExponent = 0.5 + 0.004 * i, Dry = new DrySettings { Multiplier = 0.3 },
            };
            var draw = new TokenDraw(new SamplingSettings { Temperature = 0.9, TopP = 0.98, RepetitionPenalty = 1.1, Rare = rare }, text, text, 7, 0, i, null);
            foreach (var bits in Bits(Sampler.Distribution(logits, draw)))
                hash = (hash * 0x9E3779B97F4A7C15) ^ (ulong)bits;
        }
        hash.ShouldBe(5204832762393396397UL);
    }

    /// <summary>A constraint's mask always wins, and the stages see only what it allows.</summary>
    [Fact]
    public void Draw_UnderAMask_IsThatOfThePlainRuleOverWhatItAllows()
    {
        var random = new Random(6);
        for (var i = 0; i < Cases; i++)
        {
            var logits = Logits(random);
            var mask = new uint[(logits.Length + 31) / 32].Select(_ => (uint)random.NextInt64()).ToArray();
            var only = random.Next(logits.Length);
            mask[only / 32] |= 1u << (only % 32);
            logits[only] = Math.Max(logits[only], -50);
            bool Allows(int id) => (mask[id / 32] >> (id % 32) & 1) == 1;
            var (prompt, output) = (Text(random, logits.Length), Text(random, logits.Length));
            var settings = Settings("all", random, logits.Length);
            if (i % 5 == 0)
                settings = settings with { Temperature = 0 };
            var expected = PlainSampler.Distribution(logits, settings, prompt, output, settings.Rare!.XtcProbability == 1, Allows);

            var id = Sampler.Draw(logits, new TokenDraw(settings, prompt, output, 5, 0, i, null), new TokenMask(mask)).Id;

            Allows(id).ShouldBeTrue($"case {i}: {settings}");
            if (!expected.ContainsKey(id))
                IsNearABorder(logits, settings, prompt, output, settings.Rare.XtcProbability == 1, Allows).ShouldBeTrue($"case {i}: {id} is none of {string.Join(", ", expected)}: {settings}");
        }
    }

    [Fact]
    public void Exclusion_HappensAsOftenAsItsProbabilitySays_WhateverTokenIsDrawn()
    {
        float[] logits = [2, 2, -20];
        var settings = new SamplingSettings { Rare = new RareSampling { XtcProbability = 0.3, XtcThreshold = 0.2 } };
        var (excluded, zero) = (0, 0);
        for (var position = 0; position < 20_000; position++)
        {
            var draw = new TokenDraw(settings, default, default, 9, 2, position, null);
            var free = Sampler.Draw(logits, draw with { Settings = new SamplingSettings() }).Id;
            var isExcluded = Sampler.Distribution(logits, draw).Probabilities.All(one => one.Id != 0);
            excluded += isExcluded ? 1 : 0;
            zero += isExcluded && free == 0 ? 1 : 0;
            Sampler.Draw(logits, draw).Id.ShouldBe(isExcluded ? 1 : free);
        }
        // 6,000 and 3,000 expected; standard deviations 65 and 51: six of them.
        excluded.ShouldBeInRange(5610, 6390);
        zero.ShouldBeInRange(2690, 3310);
    }

    /// <summary>At temperature 0 the greatest is taken: cuts have no say, DRY has.</summary>
    [Fact]
    public void Draw_AtTemperatureZero_ObeysDryOnly()
    {
        float[] logits = [1, 3, 2, 0];
        int[] text = [0, 2, 1, 3, 0, 2];
        var rare = new RareSampling { TypicalP = 0.01, TopNSigma = 0.1, XtcProbability = 1, XtcThreshold = 0.01, TemperatureExponent = 3 };
        int Draw(RareSampling with) => Sampler.Draw(logits, new TokenDraw(new SamplingSettings { Temperature = 0, Rare = with }, text, default, 0, 0, 0, null)).Id;

        Draw(rare).ShouldBe(1);
        Draw(rare with { Dry = new DrySettings { Multiplier = 0.9 } }).ShouldBe(1, "3 - 0.9 is still the greatest");
        Draw(rare with { Dry = new DrySettings { Multiplier = 1.1 } }).ShouldBe(2);
        Draw(rare with { Dry = new DrySettings { Multiplier = 1.1, AllowedLength = 3 } }).ShouldBe(1);
        Draw(rare with { Dry = new DrySettings { Multiplier = 1.1, Breakers = [2] } }).ShouldBe(1);
        Draw(rare with { Dry = new DrySettings { Multiplier = 1.1, BreakerSequences = [[0, 2]] } }).ShouldBe(1);
        Draw(rare with { Dry = new DrySettings { Multiplier = 1.1, Tokens = 5 } }).ShouldBe(1, "only one of the two tokens in front is in the window");
    }

    /// <summary>A text of one token: every end is a repetition, the power of the base is beyond every number, and still there is a token to draw.</summary>
    [Fact]
    public void Dry_OverTheLongestRepetition_LeavesTheOthers()
    {
        var text = Enumerable.Repeat(2, 100_000).ToArray();
        var settings = new SamplingSettings { Temperature = 1, Rare = new RareSampling { Dry = new DrySettings { Multiplier = 100, Base = 100, Tokens = int.MaxValue } } };

        for (var position = 0; position < 50; position++)
        {
            Sampler.Draw([0, 0, 50], new TokenDraw(settings, text, text, 0, 0, position, null)).Id.ShouldNotBe(2);
            Sampler.Draw([float.NegativeInfinity, float.NegativeInfinity, 50], new TokenDraw(settings, text, text, 0, 0, position, null)).Id.ShouldBe(2);
        }
    }

    [Fact]
    public void Draw_WithRareSettingsAfterWarmUp_AllocatesNothingThatGrows()
    {
        var random = new Random(3);
        var logits = Enumerable.Range(0, 202_048).Select(_ => (float)(random.NextDouble() * 12)).ToArray();
        var text = Enumerable.Range(0, 5000).Select(_ => random.Next(50)).ToArray();
        var rare = new RareSampling
        {
            TypicalP = 0.9, TopNSigma = 3, XtcProbability = 0.5, TemperatureRange = 0.3, MinKeep = 2, PenaltyTokens = 64, Dry = new DrySettings { Multiplier = 1, Tokens = int.MaxValue, Breakers = [3] },
        };
        var draw = new TokenDraw(new SamplingSettings { TopP = 0.9, RepetitionPenalty = 1.1, Rare = rare }, text, text, 0, 0, 0, null);
        Sampler.Draw(logits, draw);

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var position = 0; position < 10; position++)
            Sampler.Draw(logits, draw with { Position = position });
        (GC.GetAllocatedBytesForCurrentThread() - before).ShouldBeLessThan(10 * 1600);
    }

    [Fact]
    public void Logarithm_IsThatOfTheLibrary()
    {
        var random = new Random(2);
        for (var i = 0; i < 100_000; i++)
        {
            var value = i % 3 == 0 ? 1 + random.NextDouble() * 1e-3 : Math.Pow(10, random.NextDouble() * 600 - 300);
            Math.Abs(Logarithm.Of(value) - Math.Log(value)).ShouldBeLessThan(1e-15 * Math.Max(1, Math.Abs(Math.Log(value))), $"ln {value:R}");
        }
        Logarithm.Of(1).ShouldBe(0);
    }

    private static bool Differs(Dictionary<int, double> one, Dictionary<int, double> other) => one.Count != other.Count || one.Any(pair => !other.TryGetValue(pair.Key, out var p) || Math.Abs(p - pair.Value) > 1e-6);

    /// <summary>A little more or less of every limit gives another set.</summary>
    private static bool IsNearABorder(float[] logits, SamplingSettings settings, int[] prompt, int[] output, bool excludes, Func<int, bool>? allows = null)
    {
        HashSet<int> Ids(double factor) =>
        [
            .. PlainSampler.Distribution(logits, settings with
            {
                MinP = settings.MinP * factor,
                TopP = Math.Min(1, settings.TopP * factor),
                Rare = settings.Rare! with { TypicalP = Math.Min(1, settings.Rare.TypicalP * factor), TopNSigma = settings.Rare.TopNSigma * factor, XtcThreshold = settings.Rare.XtcThreshold * factor },
            }, prompt, output, excludes, allows).Keys,
        ];
        return !Ids(1 - 1e-9).SetEquals(Ids(1 + 1e-9)) || !Ids(1).SetEquals(Ids(1 + 1e-9)) || !Ids(1).SetEquals(Ids(1 - 1e-9));
    }

    private static long[] Bits(TokenDistribution distribution) => [.. distribution.Probabilities.SelectMany(one => new[] { one.Id, BitConverter.DoubleToInt64Bits(one.Probability) })];

    /// <summary>Among them: one id, all equal, many equal, some or all but one at -infinity, far apart.</summary>
    private static float[] Logits(Random random)
    {
        var count = random.Next(5) == 0 ? random.Next(1, 4) : random.Next(4, 70);
        var kind = random.Next(6);
        var logits = Enumerable.Range(0, count).Select(_ => kind switch
        {
            0 => 1.5f,
            1 => random.Next(-2, 3),
            2 => random.Next(2) == 0 ? float.NegativeInfinity : (float)(random.NextDouble() * 6),
            3 => (float)(random.NextDouble() * 400 - 200),
            _ => (float)(random.NextDouble() * 10 - 5),
        }).ToArray();
        if (logits.All(float.IsNegativeInfinity))
            logits[random.Next(count)] = 0;
        return logits;
    }

    /// <summary>Of few different ids, so that it repeats itself.</summary>
    private static int[] Text(Random random, int vocabulary)
    {
        var kinds = random.Next(1, Math.Min(vocabulary, 5) + 1);
        return [.. Enumerable.Range(0, random.Next(30)).Select(_ => random.Next(kinds))];
    }

    private static SamplingSettings Settings(string stage, Random random, int vocabulary)
    {
        var all = stage == "all";
        bool Has(string one) => stage == one || (all && random.Next(2) == 0);
        double Upto(double most) => random.NextDouble() * most;
        var rare = new RareSampling
        {
            TypicalP = Has("typical") ? 0.01 + Upto(0.98) : 1,
            TopNSigma = Has("sigma") ? 0.1 + Upto(2) : 0,
            XtcProbability = Has("xtc") ? 1 : 0,
            XtcThreshold = Upto(0.4),
            TemperatureRange = Has("dynamic") ? 0.05 + Upto(1) : 0,
            TemperatureExponent = random.Next(3) == 0 ? 1 : Upto(4),
            MinKeep = Has("keep") ? random.Next(1, 10) : 0,
            PenaltyTokens = Has("window") ? random.Next(40) : int.MaxValue,
            Dry = Has("dry")
                ? new DrySettings
                {
                    Multiplier = 0.1 + Upto(3), Base = 1 + Upto(2), AllowedLength = random.Next(1, 4), Tokens = random.Next(3) == 0 ? int.MaxValue : random.Next(40),
                    Breakers = random.Next(2) == 0 ? [] : [random.Next(5)], BreakerSequences = random.Next(2) == 0 ? [] : [[random.Next(3), random.Next(3)], [4, 1, 2]],
                }
                : null,
        };
        var penalised = stage == "window" || (all && random.Next(2) == 0);
        return new SamplingSettings
        {
            Temperature = 0.3 + Upto(1.5),
            MinP = stage == "keep" || (all && random.Next(2) == 0) ? Upto(0.5) : 0,
            TopK = all && random.Next(2) == 0 ? random.Next(1, vocabulary + 5) : 0,
            TopP = stage == "keep" || (all && random.Next(2) == 0) ? 0.05 + Upto(0.9) : 1,
            RepetitionPenalty = penalised ? 0.7 + Upto(0.8) : 1,
            FrequencyPenalty = penalised ? Upto(1) : 0,
            PresencePenalty = penalised ? Upto(1) : 0,
            Rare = rare,
        };
    }
}
