namespace Llama4.Server.Tests.Verbs;

public sealed class PipelineCommandTests
{
    /// <summary>No share is judged here, where other tests run beside it, only that each figure is one and none beyond what can be.</summary>
    [Fact]
    public async Task Pipeline_OfTwoHosts_ReportsEveryFigure()
    {
        var run = (await Llama4Run.OfAsync(
            "bench", "pipeline", "--hosts", "2", "--model", Path.Combine(BundledModel.Directory, "config.json"), "--layers", "2", "--attention-us", "300",
            "--expert-us", "300", "--link-us", "100", "--micro-batches", "2", "--sequences", "4", "--seconds", "1", "--json")).Json().EnumerateArray().ShouldHaveSingleItem();
        run.GetProperty("hosts").GetInt32().ShouldBe(2);
        run.GetProperty("stages").GetInt32().ShouldBe(1);
        run.GetProperty("expert_hosts").GetInt32().ShouldBe(1);
        run.GetProperty("layers").GetInt32().ShouldBe(2);
        run.GetProperty("sequences").GetInt32().ShouldBe(4);
        run.GetProperty("micro_batches").GetDouble().ShouldBeInRange(1, 4);
        run.GetProperty("bound_rows_per_second").GetDouble().ShouldBe(2 / (2 * 300e-6), tolerance: 0.01);
        run.GetProperty("share_of_bound").GetDouble().ShouldBeInRange(1e-3, 1.05); // what is in flight at both ends of the window counts at one
        foreach (var name in (string[])["steps_per_second", "rows_per_second", "busiest_device_share", "cpu_us_per_row_and_layer", "cpu_us_per_step_and_layer", "allocated_bytes_per_row_and_layer", "real_seconds_for_a_simulated_one", "start_seconds", "settle_seconds", "stop_seconds"])
        {
            run.GetProperty(name).GetDouble().ShouldBeGreaterThan(0, name);
        }
    }

    [Theory]
    [InlineData("--hosts 0", "--hosts: expected numbers of hosts from 1 to 128 like 1,2,4, found '0'")]
    [InlineData("--attention-us -1", "--attention-us: expected 0 to 10000000, found -1")]
    [InlineData("--device H1000", "--device: expected one of H100-80G")]
    public async Task Pipeline_OfWhatCannotBe_IsAMistake(string options, string message) =>
        (await Llama4Run.OfAsync(["bench", "pipeline", .. options.Split(' ')])).ShouldFailWith(CommandLine.Usage, message);
}
