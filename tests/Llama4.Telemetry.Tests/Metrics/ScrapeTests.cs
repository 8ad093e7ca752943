using System.Diagnostics;
using System.Text.Json;

namespace Llama4.Telemetry.Tests.Metrics;

/// <summary>A Prometheus that scrapes a loaded cluster of two processes has all that the tables promise.</summary>
public sealed class ScrapeTests(ScrapedCluster cluster) : IClassFixture<ScrapedCluster>
{
    /// <summary>Nothing here makes an engine be lost: FailoverMeterTests does.</summary>
    private const string OfFailovers = "llama4_failover_gap_seconds";

    /// <summary>What grows under load; gauges may or may not.</summary>
    private static readonly string[] StillCounters = ["llama4_failovers_total", "llama4_replayed_tokens_total", "llama4_suspicions_total"];

    [Fact]
    public async Task Metrics_OfEveryDoor_SatisfyPromtool()
    {
        Skip();
        Assert.SkipUnless(Machine.HasProgram("promtool"), "promtool is not installed");
        await cluster.LoadAsync(requests: 2);
        using var http = new HttpClient();
        foreach (var door in cluster.Doors.Append(cluster.Gateway))
        {
            var text = await http.GetStringAsync(new Uri(door, "metrics"));
            var (complaints, code) = await CheckAsync(text);
            complaints.ShouldBe("", $"{door}");
            code.ShouldBe(0, $"{door}");
        }
    }

    [Fact]
    public async Task Metrics_UnderLoad_AreAllThereWithTheirLabelsAndMove()
    {
        Skip();
        await cluster.LoadAsync(requests: 8);
        await cluster.RebalanceAsync(); // engines stand still for it
        var rows = MetricsTable.Rows.Where(row => row.Name != OfFailovers).ToList();
        await cluster.UntilAsync(async () => (await MissingAsync(rows)).Length == 0, "every metric is there", async () => string.Join(' ', await MissingAsync(rows)));
        var before = new Dictionary<string, double>();
        var growing = rows.Where(row => row.Kind != "gauge" && row.Name != "llama4_standstill_seconds" && !StillCounters.Contains(row.Name)).ToList();
        foreach (var row in growing)
        {
            before[row.Name] = await SumAsync(row);
        }

        await cluster.LoadAsync(requests: 24); // experts are counted by one step in 13, times by one in 64

        async Task<string[]> StillAsync()
        {
            var still = new List<string>();
            foreach (var row in growing)
            {
                if (!(await SumAsync(row) > before[row.Name]))
                {
                    still.Add(row.Name);
                }
            }

            return [.. still.Except(["llama4_cached_prompt_tokens_total"])]; // the prompts are shorter than a block
        }

        await cluster.UntilAsync(async () => (await StillAsync()).Length == 0, "every counter and histogram has grown", async () => string.Join(' ', await StillAsync()));
        await cluster.UntilAsync(async () => await SumAsync(rows.Single(row => row.Name == "llama4_standstill_seconds")) > 0, "engines stood still");
        foreach (var row in rows)
        {
            await CheckLabelsAsync(row);
        }
    }

    [Fact]
    public async Task Parts_OfStepTime_AddUpToTheStepsThatWereFollowed()
    {
        Skip();
        await cluster.LoadAsync(requests: 8);
        await cluster.UntilAsync(async () => await cluster.QueryAsync("count(llama4_step_time_seconds_total)") == 4, "four parts");

        // All but the steps since the last that was followed, at most 64; a scrape may fall between two instruments.
        await cluster.UntilAsync(async () => await cluster.QueryAsync("sum(llama4_step_time_seconds_total) <= bool sum(llama4_step_duration_seconds_sum) * 1.0001") == 1, "no more than there was");
        await cluster.UntilAsync(async () => await cluster.QueryAsync("sum(llama4_step_time_seconds_total) >= bool sum(llama4_step_duration_seconds_sum) * 0.25") == 1, "most of it");
        foreach (var part in (string[])["wire", "attention", "expert"]) // the experts are elsewhere
        {
            await cluster.UntilAsync(async () => await cluster.QueryAsync($"llama4_step_time_seconds_total{{part=\"{part}\"}}") > 0, $"some time is {part}");
        }
    }

    [Fact]
    public async Task Metrics_OfTheRuntime_AreTheListed()
    {
        Skip();
        await cluster.LoadAsync(requests: 1);
        List<string> found = [];
        string[] Missing() => [.. MetricsTable.Runtime.Except(found).Except(["dotnet_exceptions_total"])]; // where there was none it is not told
        await cluster.UntilAsync(
            async () =>
            {
                found = [.. (await NamesAsync()).Where(name => name.StartsWith("dotnet_", StringComparison.Ordinal))];
                return Missing().Length == 0;
            },
            "the runtime's metrics are there",
            () => Task.FromResult($"all but {string.Join(' ', Missing())}"));

        found.Except(MetricsTable.Runtime).ShouldBeEmpty();
    }

    [Fact]
    public async Task Names_OfAScrape_AreAllInTheTables()
    {
        Skip();
        await cluster.LoadAsync(requests: 1);
        string[] known = [.. MetricsTable.Rows.SelectMany(row => row.Kind == "histogram" ? new[] { "_bucket", "_sum", "_count" }.Select(ending => row.Name + ending) : [row.Name])];
        (await NamesAsync()).Where(name => name.StartsWith("llama4_", StringComparison.Ordinal) || name.StartsWith("gen_ai_", StringComparison.Ordinal)).Except(known).ShouldBeEmpty();
    }

    [Fact]
    public async Task Exemplars_OfSampledRequests_AreInPrometheus()
    {
        Skip();
        await cluster.LoadAsync(requests: 2);
        await cluster.UntilAsync(async () => (await ExemplarsAsync()).GetArrayLength() > 0, "exemplars");

        var exemplar = (await ExemplarsAsync())[0].GetProperty("exemplars")[0];

        exemplar.GetProperty("labels").GetProperty("trace_id").GetString().ShouldNotBeNull().ShouldMatch("^[0-9a-f]{32}$");

        Task<JsonElement> ExemplarsAsync() => cluster.AskAsync(
            "api/v1/query_exemplars",
            "gen_ai_server_time_to_first_token_seconds_bucket",
            $"&start={DateTimeOffset.UtcNow.AddHours(-1).ToUnixTimeSeconds()}&end={DateTimeOffset.UtcNow.AddHours(1).ToUnixTimeSeconds()}");
    }

    private static void Skip() => Assert.SkipWhen(ScrapedCluster.Missing is not null, ScrapedCluster.Missing ?? "");

    private async Task<string[]> MissingAsync(IEnumerable<MetricsRow> rows)
    {
        var names = await NamesAsync();
        return [.. rows.Select(SampleOf).Where(name => !names.Contains(name))];
    }

    private async Task<List<string>> NamesAsync()
    {
        var series = await cluster.AskAsync("api/v1/query", "group by (__name__) ({job=\"llama4\"})");
        return [.. series.GetProperty("result").EnumerateArray().Select(one => one.GetProperty("metric").GetProperty("__name__").GetString()!)];
    }

    private Task<double> SumAsync(MetricsRow row) => cluster.QueryAsync($"sum({SampleOf(row)})");

    private static string SampleOf(MetricsRow row) => row.Kind == "histogram" ? $"{row.Name}_count" : row.Name;

    /// <summary>No others than the table's, and each of them somewhere; error_type needs an error.</summary>
    private async Task CheckLabelsAsync(MetricsRow row)
    {
        var labels = new HashSet<string>();
        foreach (var series in (await cluster.AskAsync("api/v1/query", SampleOf(row))).GetProperty("result").EnumerateArray())
        {
            labels.UnionWith(series.GetProperty("metric").EnumerateObject().Select(label => label.Name));
        }

        labels.Except(["__name__", "job", "instance"]).Order().ShouldBe(row.Labels.Except(["error_type"]).Order(), row.Name);
    }

    private static async Task<(string Complaints, int Code)> CheckAsync(string metrics)
    {
        using var promtool = Process.Start(new ProcessStartInfo("promtool", ["check", "metrics"]) { RedirectStandardInput = true, RedirectStandardError = true, RedirectStandardOutput = true })!;
        await promtool.StandardInput.WriteAsync(metrics);
        promtool.StandardInput.Close();
        var complaints = await promtool.StandardError.ReadToEndAsync() + await promtool.StandardOutput.ReadToEndAsync();
        await promtool.WaitForExitAsync();
        return (complaints, promtool.ExitCode);
    }
}
