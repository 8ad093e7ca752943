using Llama4.Model;

namespace Llama4.Server.Tests.Verbs;

public sealed class BenchVerbTests
{
    /// <summary>No figure of speed is judged here, only that each is one.</summary>
    [Fact]
    public async Task Bench_OfTheBundledModel_ReportsEveryFigure()
    {
        var report = (await Llama4Run.OfAsync("bench", "--prompt", "24", "--generate", "24", "--concurrency", "3", "--threads", "2", "--json")).Json();

        var machine = report.GetProperty("machine");
        machine.GetProperty("threads").GetInt32().ShouldBe(2);
        machine.GetProperty("instruction_set").GetString().ShouldNotBeNullOrEmpty();
        var prefill = report.GetProperty("prefill").EnumerateArray().ToList();
        prefill.Select(p => p.GetProperty("tokens").GetInt32()).ShouldBe([24]);
        var decode = report.GetProperty("decode").EnumerateArray().ToList();
        decode.Select(d => d.GetProperty("sequences").GetInt32()).ShouldBe([3]);
        foreach (var (json, name) in prefill.SelectMany(p => new[] { (p, "tokens_per_second"), (p, "direct_tokens_per_second"), (p, "share_of_fma_peak") })
            .Concat(decode.SelectMany(d => new[] { (d, "tokens_per_second"), (d, "direct_tokens_per_second"), (d, "share_of_bandwidth") }))
            .Concat([(machine, "read_gb_per_second"), (machine, "fma_gflop_per_second")]))
        {
            json.GetProperty(name).GetDouble().ShouldBeGreaterThan(0, name);
        }

        using var checkpoint = Checkpoint.Open(BundledModel.Directory);
        var memory = report.GetProperty("memory");
        memory.GetProperty("weights_bytes").GetInt64().ShouldBeInRange(checkpoint.WeightBytes, checkpoint.WeightBytes * 11 / 10);
        memory.GetProperty("kv_bytes").GetInt64().ShouldBeGreaterThan(0);
        memory.GetProperty("peak_resident_bytes").GetInt64().ShouldBeGreaterThan(checkpoint.WeightBytes);
    }

    /// <summary>A gateway is opened and watched; no ratio is judged here.</summary>
    [Fact]
    public async Task BenchConsole_OfTheBundledModel_ReportsEveryFigure()
    {
        var report = (await Llama4Run.OfAsync("bench", "console", "--generate", "16", "--concurrency", "2", "--seconds", "1", "--rounds", "1", "--threads", "2", "--json")).Json();

        var figures = report.EnumerateArray().Single();
        (figures.GetProperty("sequences").GetInt32(), figures.GetProperty("rounds").GetInt32()).ShouldBe((2, 1));
        foreach (var name in (string[])["tokens_per_second", "watched_ratio", "paths_ratio", "cpu_us_per_token", "watched_cpu_ratio", "paths_cpu_ratio"])
        {
            figures.GetProperty(name).GetDouble().ShouldBeGreaterThan(0, name);
        }
    }

    [Theory]
    [InlineData("--prompt 4000 --generate 200", "ask for 4200 tokens in a sequence; this model and its --kv-memory hold 4096")]
    [InlineData("--concurrency 65", "--concurrency: expected at most 64 sequences, found 65")]
    [InlineData("--concurrency 1,x", "--concurrency: expected counts like 512 or 1,4,16, found '1,x'")]
    [InlineData("--generate 1", "--generate: expected at least 2, found 1")]
    [InlineData("console --generate 1025", "--generate: expected 2 to 1024, found 1025")]
    [InlineData("metrics --rounds 0", "--rounds: expected 1 to 100, found 0")]
    [InlineData("metrics --concurrency 65", "--concurrency: expected at most 64 sequences, found 65")]
    [InlineData("telemetry --seconds 601", "--seconds: expected 1 to 600, found 601")]
    public async Task Bench_OfWhatDoesNotFit_IsAMistake(string options, string message) =>
        (await Llama4Run.OfAsync(["bench", .. options.Split(' ')])).ShouldFailWith(CommandLine.Usage, message);
}
