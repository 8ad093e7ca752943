using System.Text.Json;
using System.Text.RegularExpressions;
using Llama4.Telemetry.Tests.Metrics;

namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>Every query of every panel is put to a real Prometheus under load and after a fault, and none may stay empty. The output lists them all.</summary>
public sealed partial class LivePanelTests(FaultyCluster cluster, ITestOutputHelper output) : IClassFixture<FaultyCluster>
{
    private const int RangeSeconds = 300;

    private readonly Dictionary<string, string> _values = new()
    {
        ["__rate_interval"] = "10s", ["__interval"] = "2s", ["__range"] = $"{RangeSeconds}s", ["job"] = "(llama4)", ["replica"] = "(0)", ["layer"] = cluster.Layer,
    };

    /// <summary>All of them, sooner or later: a rate wants two scrapes, and load between them.</summary>
    [Fact]
    public async Task Panels_AreNotEmpty()
    {
        Assert.SkipWhen(ScrapedCluster.Missing is not null, ScrapedCluster.Missing ?? "");
        var found = Board.All.SelectMany(board => board.Queries.Concat(board.Asides)).Select(query => (Query: query, Values: new List<string>())).ToList();
        await cluster.UntilAsync(
            async () =>
            {
                foreach (var (query, values) in found.Where(one => one.Values.Count == 0))
                    values.AddRange(await ResultAsync(query));
                return found.TrueForAll(one => one.Values.Count > 0);
            },
            "no panel is empty",
            () => Task.FromResult(string.Join(Environment.NewLine, found.Where(one => one.Values.Count == 0).Select(one => $"{one.Query}: {one.Query.With(_values)}"))));

        found.Count.ShouldBeGreaterThan(100);
        foreach (var (query, values) in found)
            output.WriteLine($"{query}: {values.Count} series, {string.Join(", ", values.Take(3))}");
    }

    [Fact]
    public async Task Exemplars_OfEveryPanelThatShowsThem_NameATrace()
    {
        Assert.SkipWhen(ScrapedCluster.Missing is not null, ScrapedCluster.Missing ?? "");
        var queries = Board.All.SelectMany(board => board.Queries).Where(query => query.HasExemplars).ToList();
        foreach (var query in queries)
        {
            var found = await cluster.AskAsync("api/v1/query_exemplars", query.With(_values), Range());
            var traces = found.EnumerateArray().SelectMany(series => series.GetProperty("exemplars").EnumerateArray()).Select(exemplar => exemplar.GetProperty("labels").GetProperty("trace_id").GetString()!);
            traces.ShouldNotBeEmpty(query.ToString());
            traces.ShouldAllBe(trace => trace.Length == 32, query.ToString());
        }

        queries.Count.ShouldBeGreaterThan(5);
    }

    /// <summary>The fault panels count what was done to the cluster, and not only something.</summary>
    [Theory]
    [InlineData("Suspicions")]
    [InlineData("Answers submitted again")]
    [InlineData("Replayed tokens")]
    [InlineData("New plans")]
    public async Task Faults_ThatHappened_AreCounted(string panel)
    {
        Assert.SkipWhen(ScrapedCluster.Missing is not null, ScrapedCluster.Missing ?? "");
        var query = Board.All.Single(board => board.Name == "faults").Queries.First(query => query.Panel == panel && query.IsInstant);

        (await cluster.QueryAsync(query.With(_values))).ShouldBeGreaterThan(0, panel);
    }

    [Fact]
    public async Task Alerts_OfALostHost_AreTrueAndTheOthersAreNot()
    {
        Assert.SkipWhen(ScrapedCluster.Missing is not null, ScrapedCluster.Missing ?? "");
        foreach (var name in (string[])["Llama4TargetMissing", "Llama4HostSuspected", "Llama4NoSpareHost"])
            (await cluster.SeriesAsync(AlertTests.Expression(name))).ShouldNotBeEmpty(name);
        foreach (var name in (string[])["Llama4AllTargetsMissing", "Llama4NoGateway", "Llama4NoPlan"])
            (await cluster.SeriesAsync(AlertTests.Expression(name))).ShouldBeEmpty(name);
    }

    /// <summary>A rule over a metric, or a bucket, that does not exist never fires.</summary>
    [Fact]
    public async Task Rules_SpeakOfSeriesThatExist()
    {
        Assert.SkipWhen(ScrapedCluster.Missing is not null, ScrapedCluster.Missing ?? "");
        var selectors = AlertTests.Expressions.SelectMany(expr => Selector().Matches(expr)).Select(match => match.Value)
            .Where(selector => !selector.Contains("outcome=", StringComparison.Ordinal)).Distinct().ToList();

        selectors.Count.ShouldBeGreaterThan(15);
        foreach (var selector in selectors)
            (await cluster.SeriesAsync($"count(last_over_time({selector}[{RangeSeconds}s]))")).ShouldNotBeEmpty(selector);
    }

    /// <summary>The newest number of each series that has one. A panel of one host is tried with each: not every host calls others, say.</summary>
    private async Task<List<string>> ResultAsync(PanelQuery query)
    {
        foreach (var host in cluster.HostAddresses)
        {
            var expr = query.With(new Dictionary<string, string>(_values) { ["host"] = host });
            var answer = query.IsInstant
                ? await cluster.AskAsync("api/v1/query", expr)
                : await cluster.AskAsync("api/v1/query_range", expr, $"{Range()}&step=2");
            if (answer.GetProperty("result").EnumerateArray().Select(Newest).OfType<string>().ToList() is { Count: > 0 } found)
                return found;
        }

        return [];
    }

    private static string? Newest(JsonElement series)
    {
        var samples = series.TryGetProperty("values", out var values) ? values.EnumerateArray() : (IEnumerable<JsonElement>)[series.GetProperty("value")];
        return samples.Select(sample => sample[1].GetString()!).LastOrDefault(value => value is not ("NaN" or "+Inf" or "-Inf"));
    }

    private static string Range()
    {
        var now = DateTimeOffset.UtcNow.ToUnixTimeSeconds();
        return $"&start={now - RangeSeconds}&end={now}";
    }

    [GeneratedRegex(@"\b(llama4|gen_ai|dotnet)_\w+(\{[^}]*\})?(?=[\s\[\)])")]
    private static partial Regex Selector();
}
