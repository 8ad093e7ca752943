namespace Llama4.Server.Tests.Bench;

public sealed class VisionBenchTests
{
    [Fact]
    public async Task Bench_OfATowerOfOneBlock_PrintsFiguresOfBothTypes()
    {
        var figures = (await Llama4Run.OfAsync("bench", "vision", "--layers", "1", "--tiles", "1", "--at-once", "1", "--threads", "2", "--json")).Json();

        figures.GetArrayLength().ShouldBe(2);
        foreach (var figure in figures.EnumerateArray())
        {
            figure.GetProperty("ms_per_tile").GetDouble().ShouldBeGreaterThan(0);
            figure.GetProperty("gflop_per_s").GetDouble().ShouldBeGreaterThan(0);
            figure.GetProperty("matmul_gflop_per_s").GetDouble().ShouldBeGreaterThan(0);
        }
    }

    [Fact]
    public async Task Bench_OfNoTiles_IsAMistake() =>
        (await Llama4Run.OfAsync("bench", "vision", "--tiles", "0")).ShouldFailWith(CommandLine.Usage, "--tiles: expected 1 to 1000, found 0");
}
