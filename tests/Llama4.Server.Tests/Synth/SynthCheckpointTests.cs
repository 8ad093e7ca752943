using Llama4.Model;
using Llama4.Server.Synth;

namespace Llama4.Server.Tests.Synth;

public sealed class SynthCheckpointTests
{
    private static readonly SynthShape Shape = SynthShape.Load(Golden.Path("01-scout", "config.json"));

    [Fact]
    public void Write_PastTheShardsSize_MakesShardsWithAnIndexAndTheSameValues()
    {
        using var folder = new TestFolder();

        new SynthCheckpoint(Shape, seed: 1).Write(folder["one"], _ => { }, CancellationToken.None).ShouldBe(1);
        new SynthCheckpoint(Shape, seed: 1) { ShardBytesMax = 500_000 }.Write(folder["many"], _ => { }, CancellationToken.None).ShouldBeGreaterThan(3);

        using var one = Checkpoint.Open(folder["one"]);
        using var many = Checkpoint.Open(folder["many"]);
        foreach (var parameter in ParameterTable.Text(Shape.Config))
        {
            many[parameter.Name].ReadFloats().ShouldBe(one[parameter.Name].ReadFloats());
        }
    }

    [Fact]
    public void Write_WhenCancelled_LeavesNothing()
    {
        using var folder = new TestFolder();
        using var cancellation = new CancellationTokenSource();
        var reports = 0;

        Should.Throw<OperationCanceledException>(() => new SynthCheckpoint(Shape, seed: 1).Write(
            folder["model"],
            _ =>
            {
                if (Interlocked.Increment(ref reports) == 5)
                {
                    cancellation.Cancel();
                }
            },
            cancellation.Token));

        Directory.GetFiles(folder["model"]).ShouldBeEmpty();
    }

    [Fact]
    public void Noise_OfAnyPiece_IsThatOfTheWholeAndLooksNormal()
    {
        var key = NormalNoise.Key(3, "layers.0.x");
        var whole = new ushort[100_000];
        NormalNoise.Fill(whole, key, 0, mean: 1, deviation: 0.5f);
        var piece = new ushort[100];
        NormalNoise.Fill(piece, key, 54_321, mean: 1, deviation: 0.5f);

        piece.ShouldBe(whole[54_321..54_421]);
        var values = Array.ConvertAll(whole, bits => (double)BitConverter.UInt32BitsToSingle((uint)bits << 16));
        var mean = values.Average();
        var deviation = Math.Sqrt(values.Average(v => (v - mean) * (v - mean)));
        mean.ShouldBe(1, 0.01); // six standard errors of the mean of 100,000
        deviation.ShouldBe(0.5, 0.01);
        values.Count(v => Math.Abs(v - 1) < 0.5).ShouldBeInRange(66_000, 70_000); // 68.3 % within one deviation; 67.6 % of a sum of four
    }
}
