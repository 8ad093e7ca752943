namespace Llama4.Model.Tests;

public class SamplerGoldenTests
{
    [Fact]
    public void Distribution_OnEveryGoldenLine_HasItsProbabilities()
    {
        var lines = 0;
        foreach (var golden in GoldenDraw.All())
        {
            var actual = Sampler.Distribution(golden.Logits, golden.Draw);

            var found = actual.Probabilities.ToDictionary(token => token.Id, token => token.Probability);
            found.Keys.Except(golden.Probabilities.Keys).ShouldBeEmpty($"line {golden.Line}: ids that must never be drawn");
            foreach (var (id, expected) in golden.Probabilities)
                found.GetValueOrDefault(id).ShouldBe(expected, 1e-6, $"line {golden.Line}, id {id}");
            lines++;
        }
        lines.ShouldBe(300);
    }

    [Fact]
    public void Distribution_OnEveryGoldenLine_HasItsTopLogprobs()
    {
        foreach (var golden in GoldenDraw.All())
        {
            var top = Sampler.Distribution(golden.Logits, golden.Draw).Top;

            top.Select(token => token.Id).ShouldBe(golden.Top.Select(token => token.Id), $"line {golden.Line}");
            for (var i = 0; i < top.Count; i++)
                top[i].Logprob.ShouldBe(golden.Top[i].Logprob, 1e-6, $"line {golden.Line}, place {i}");
        }
    }

    /// <summary>
    /// Pearson's test of 3,000 draws against the golden probabilities. The bound is one that a right sampler passes
    /// 99.999% of the time on a line; the seeds are fixed, so a pass stays a pass. A sampler that leaves top_p out fails it on most lines.
    /// </summary>
    [Fact]
    public void Draw_OverManyPositions_FollowsTheGoldenProbabilities()
    {
        const int Draws = 3000;
        var tested = 0;
        foreach (var golden in GoldenDraw.All())
        {
            var counts = new int[golden.Logits.Length];
            for (var position = 0; position < Draws; position++)
                counts[Sampler.Draw(golden.Logits, golden.Draw with { Seed = (ulong)golden.Line, Position = position, TopLogprobs = null }).Id]++;

            for (var id = 0; id < counts.Length; id++)
                (counts[id] > 0 && !golden.Probabilities.ContainsKey(id)).ShouldBeFalse($"line {golden.Line}: id {id} was drawn");
            var (statistic, freedom) = ChiSquare(counts, golden.Probabilities, Draws);
            if (freedom == 0)
                continue;
            tested++;
            statistic.ShouldBeLessThanOrEqualTo(ChiSquareBound(freedom), $"line {golden.Line}, {freedom} degrees of freedom");
        }
        tested.ShouldBe(122, "lines with more than one cell");
    }

    /// <summary>Ids that are expected fewer than 5 times share one cell: the statistic is not chi-square for them.</summary>
    private static (double Statistic, int Freedom) ChiSquare(int[] counts, Dictionary<int, double> probabilities, int draws)
    {
        var cells = new List<(double Expected, int Count)>();
        var (rareExpected, rareCount) = (0.0, 0);
        foreach (var (id, probability) in probabilities)
        {
            if (probability * draws >= 5)
                cells.Add((probability * draws, counts[id]));
            else
                (rareExpected, rareCount) = (rareExpected + probability * draws, rareCount + counts[id]);
        }
        if (rareExpected >= 5)
            cells.Add((rareExpected, rareCount));
        return (cells.Sum(cell => Math.Pow(cell.Count - cell.Expected, 2) / cell.Expected), cells.Count - 1);
    }

    /// <summary>The 99.999% point, by Wilson and Hilferty's approximation.</summary>
    private static double ChiSquareBound(int freedom)
    {
        const double Normal = 4.265;
        var spread = 2.0 / (9 * freedom);
        return freedom * Math.Pow(1 - spread + Normal * Math.Sqrt(spread), 3);
    }
}
