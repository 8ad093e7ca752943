using CsCheck;

namespace Llama4.Model.Tests;

public class WeightCutTests
{
    /// <summary>Few different values, so that ties are the rule; wide ones, so that the last bucket is used.</summary>
    private static readonly Gen<double[]> Logits =
        Gen.OneOf(Gen.Int[-3, 0].Select(value => (double)value), Gen.Double[-120, 0], Gen.Double[-0.01, 0]).Array[1, 80];

    [Fact]
    public void Keep_WithACount_KeepsThatManyOfTheSortedTokens() =>
        Gen.Select(Logits, Gen.Int[1, 90]).Sample((logits, count) =>
        {
            var weights = Weights(logits);
            WeightCut.Keep(logits, weights, weights, count, double.PositiveInfinity);

            Kept(weights).ShouldBe(Sorted(logits).Take(count).Order());
        });

    [Fact]
    public void Keep_WithAShare_KeepsTheShortestPrefixThatReachesIt() =>
        Gen.Select(Logits, Gen.Double[0.01, 0.99]).Sample((logits, share) =>
        {
            var weights = Weights(logits);
            WeightCut.Keep(logits, weights, weights, int.MaxValue, share);

            var all = Weights(logits);
            var needed = share * all.Sum();
            var mass = 0.0;
            var prefix = Sorted(logits).TakeWhile(id =>
            {
                var before = mass;
                mass += all[id];
                return before < needed;
            }).ToArray();
            // A sum in another order may land on the other side of a limit that it meets exactly.
            if (prefix.Length > 1 && Math.Abs(prefix[..^1].Sum(id => all[id]) - needed) < 1e-12 * needed)
                return;
            Kept(weights).ShouldBe(prefix.Order());
        });

    private static double[] Weights(double[] logits) => Array.ConvertAll(logits, logit => Math.Exp(logit - logits.Max()));

    private static IEnumerable<int> Sorted(double[] logits) => Enumerable.Range(0, logits.Length).OrderByDescending(id => logits[id]).ThenBy(id => id);

    private static IEnumerable<int> Kept(double[] weights) => Enumerable.Range(0, weights.Length).Where(id => weights[id] > 0);
}
