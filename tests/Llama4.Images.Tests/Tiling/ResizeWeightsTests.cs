using System.Text.Json;

namespace Llama4.Images.Tests.Tiling;

public sealed class ResizeWeightsTests
{
    [Fact]
    public void Weights_OfEveryGoldenPair_AreTheReferences()
    {
        using var tables = JsonDocument.Parse(File.ReadAllText(Golden.Path("image", "tables.json")));
        var pairs = tables.RootElement.GetProperty("weights").EnumerateArray().ToList();
        foreach (var pair in pairs)
        {
            var outputs = pair.GetProperty("out").GetInt32();
            var weights = new ResizeWeights(pair.GetProperty("in").GetInt32(), outputs);

            weights.Precision.ShouldBe(pair.GetProperty("precision").GetInt32());
            CheckSum(weights, outputs).ShouldBe(pair.GetProperty("checksum").GetInt64());
            var i = 0;
            if (!pair.TryGetProperty("rows", out var rows))
            {
                continue; // long ones have only the check sum
            }

            foreach (var row in rows.EnumerateArray())
            {
                weights.First(i).ShouldBe(row[0].GetInt32());
                weights.Of(i++).ToArray().ShouldBe(row[1].EnumerateArray().Select(weight => weight.GetInt16()));
            }

            i.ShouldBe(outputs);
        }

        pairs.Count.ShouldBe(12);
    }

    private static long CheckSum(ResizeWeights weights, int outputs)
    {
        UInt128 sum = 0;
        for (var i = 0; i < outputs; i++)
        {
            var of = weights.Of(i);
            for (var j = 0; j < of.Length; j++)
            {
                sum += (UInt128)(i + 1L) * (ulong)(weights.First(i) + 1) * (ulong)(j + 1) * (ulong)of[j];
            }
        }

        return (long)(sum % (1UL << 61));
    }
}
