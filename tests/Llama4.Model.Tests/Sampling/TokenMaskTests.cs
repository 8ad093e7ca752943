using Llama4.Contracts;

namespace Llama4.Model.Tests.Sampling;

public class TokenMaskTests
{
    /// <summary>At and around the width of a word, and past the mask's end.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(31, 1)]
    [InlineData(32, 1)]
    [InlineData(33, 2)]
    [InlineData(64, 2)]
    [InlineData(65, 3)]
    [InlineData(100, 2)]
    public void Draw_UnderAMask_GivesOnlyWhatItAllows(int count, int words)
    {
        var random = new Random(count);
        foreach (var temperature in new[] { 0.0, 0.7, 2 })
        {
            for (var seed = 0; seed < 50; seed++)
            {
                var mask = Enumerable.Range(0, words).Select(_ => (uint)random.NextInt64()).ToArray();
                mask[0] |= 1;
                var logits = Enumerable.Range(0, count).Select(_ => (float)(random.NextDouble() * 20)).ToArray();
                var settings = new SamplingSettings { Temperature = temperature, TopK = 3, LogitBias = new() { [count - 1] = 100 } };

                var id = Sampler.Draw(logits, new TokenDraw(settings, default, default, (ulong)seed, 0, 0, null), new TokenMask(mask)).Id;

                (id / 32 < words && (mask[id / 32] >> (id % 32) & 1) == 1).ShouldBeTrue($"{id} of {count}");
            }
        }
    }

    /// <summary>Cuts count what is allowed: of the allowed ones the best three stay, though none is among the best three of all.</summary>
    [Fact]
    public void Cuts_UnderAMask_SeeOnlyWhatItAllows()
    {
        var logits = Enumerable.Range(0, 64).Select(id => (float)id).ToArray();
        uint[] lowest = [0xFF, 0];
        foreach (var settings in new[] { new SamplingSettings { TopK = 1 }, new SamplingSettings { TopP = 0.01 }, new SamplingSettings { MinP = 1 }, new SamplingSettings { Temperature = 0 } })
            Sampler.Draw(logits, new TokenDraw(settings, default, default, 1, 0, 0, null), new TokenMask(lowest)).Id.ShouldBe(7, settings.ToString());
    }

    [Fact]
    public void Logprobs_UnderAMask_AreThoseWithoutIt()
    {
        float[] logits = [0, 1, 5, 2];
        var draw = new TokenDraw(new SamplingSettings { Temperature = 0 }, default, default, 0, 0, 0, 4);

        var masked = Sampler.Draw(logits, draw, new TokenMask([0b1011]));

        masked.Id.ShouldBe(3);
        masked.Top.ShouldBe(Sampler.Draw(logits, draw).Top);
        masked.Logprob.ShouldBe(masked.Top!.Single(top => top.Id == 3).Logprob);
    }

    [Fact]
    public void Draw_UnderAMaskOfImpossibleTokens_Throws() =>
        Should.Throw<InvalidOperationException>(() => Sampler.Draw([float.NegativeInfinity, 1], new TokenDraw(new SamplingSettings(), default, default, 0, 0, 0, null), new TokenMask([1])));
}
