namespace Llama4.Model.Tests.Layers;

public class RouterChoicesTests
{
    [Fact]
    public void Best_OfManyLogits_IsInTheirOrderWithSigmoidAndSoftmax()
    {
        float[] logits = [0.5f, -3, 2, 1, 2.5f, -1];

        var best = RouterChoices.Best(logits, 4);

        var sum = logits.Sum(logit => Math.Exp(logit));
        best.Select(choice => choice.Expert).ShouldBe([4, 2, 3, 0]);
        foreach (var (expert, score, probability) in best)
        {
            score.ShouldBe(1 / (1 + Math.Exp(-logits[expert])), 1e-12);
            probability.ShouldBe(Math.Exp(logits[expert]) / sum, 1e-12);
        }
    }

    /// <summary>As the router takes them.</summary>
    [Fact]
    public void Best_OfEqualLogits_HasTheLowestIndexFirst() =>
        RouterChoices.Best([1, 3, 3, 1, 3], 4).Select(choice => choice.Expert).ShouldBe([1, 2, 4, 0]);

    [Fact]
    public void Best_OfFewExperts_IsAllOfThem() => RouterChoices.Best([1, 2], 4).Select(choice => choice.Expert).ShouldBe([1, 0]);

    /// <summary>Softmax of great logits is not NaN.</summary>
    [Fact]
    public void Best_OfGreatLogits_SumsToOne() => RouterChoices.Best([900, 899, -900], 3).Sum(choice => choice.Probability).ShouldBe(1, 1e-12);
}
