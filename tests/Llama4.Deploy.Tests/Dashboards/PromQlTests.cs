namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>Every query of every panel, annotation and variable goes through Prometheus' own parser, which also checks types and the operands of aggregations.</summary>
public sealed class PromQlTests : IDisposable
{
    /// <summary>Values of Grafana's variables as it would put them in.</summary>
    private static readonly Dictionary<string, string> Values = new()
    {
        ["__rate_interval"] = "1m0s", ["__interval"] = "15s", ["__range"] = "3600s", ["job"] = "(llama4|llama4-two)", ["replica"] = "(0|1)", ["layer"] = "0", ["host"] = "10.0.0.1:9091",
    };

    private readonly string _folder = Directory.CreateTempSubdirectory("llama4-promql-").FullName;

    [Fact]
    public async Task Queries_AreAllParsed()
    {
        Tool.Require("promtool");
        var queries = Board.All.SelectMany(board => board.Queries.Concat(board.Asides)).ToList();

        var (exitCode, output) = await CheckAsync(queries);

        exitCode.ShouldBe(0, output);
        output.ShouldContain($"{queries.Count} rules found");
        queries.Count.ShouldBeGreaterThan(80);
        queries.ShouldAllBe(query => !query.With(Values).Contains('$'));
    }

    [Theory]
    [InlineData("sum by (le (rate(a[1m]))")]
    [InlineData("rate(a)")]
    [InlineData("sum(rate(a[$unknown]))")]
    public async Task Query_ThatIsWrong_IsFound(string expr)
    {
        Tool.Require("promtool");

        var (exitCode, _) = await CheckAsync([new PanelQuery("board", "panel", expr, false, false)]);

        exitCode.ShouldNotBe(0);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>As recording rules of one file; each name holds where the query stands.</summary>
    private async Task<(int ExitCode, string Output)> CheckAsync(IReadOnlyList<PanelQuery> queries)
    {
        var rules = queries.Select((query, i) => $"      - record: query_{i}\n        labels: {{ panel: '{query.ToString().Replace("'", "''", StringComparison.Ordinal)}' }}\n        expr: |\n          {query.With(Values)}\n");
        var file = Path.Combine(_folder, "queries.yml");
        await File.WriteAllTextAsync(file, $"groups:\n  - name: panels\n    rules:\n{string.Concat(rules)}");
        return await Tool.RunAsync("promtool", _folder, "check", "rules", file);
    }
}
