using System.Text.Json;

namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>A dashboard of deploy/dashboards as its file has it.</summary>
/// <param name="Name">Its file's name without ending.</param>
internal sealed record Board(string Name, JsonElement Root)
{
    public static string Folder { get; } = Path.Combine(Golden.Checkout, "deploy", "dashboards");

    public static IReadOnlyList<Board> All { get; } =
    [
        .. Directory.EnumerateFiles(Folder, "*.json").Order(StringComparer.Ordinal)
            .Select(file => new Board(Path.GetFileNameWithoutExtension(file), JsonDocument.Parse(File.ReadAllBytes(file)).RootElement)),
    ];

    /// <summary>Rows and panels, also those in closed rows.</summary>
    public IEnumerable<JsonElement> Panels => Root.GetProperty("panels").EnumerateArray()
        .SelectMany(panel => panel.TryGetProperty("panels", out var inner) ? [panel, .. inner.EnumerateArray()] : (JsonElement[])[panel]);

    public IEnumerable<JsonElement> Variables => Root.GetProperty("templating").GetProperty("list").EnumerateArray();

    /// <summary>All that Prometheus is asked for by panels; annotations and variables are <see cref="Asides"/>.</summary>
    public IEnumerable<PanelQuery> Queries =>
        from panel in Panels
        where IsOfPrometheus(panel)
        from target in panel.GetProperty("targets").EnumerateArray()
        select new PanelQuery(
            Name,
            panel.GetProperty("title").GetString()!,
            target.GetProperty("expr").GetString()!,
            target.TryGetProperty("exemplar", out var exemplar) && exemplar.GetBoolean(),
            target.TryGetProperty("instant", out var instant) && instant.GetBoolean());

    /// <summary>PromQL of annotations, and the selectors of variables.</summary>
    public IEnumerable<PanelQuery> Asides =>
    [
        .. Root.GetProperty("annotations").GetProperty("list").EnumerateArray()
            .Select(one => new PanelQuery(Name, one.GetProperty("name").GetString()!, one.GetProperty("target").GetProperty("expr").GetString()!, false, false)),
        .. Variables.Where(one => one.GetProperty("type").GetString() == "query")
            .Select(one => new PanelQuery(Name, $"${one.GetProperty("name").GetString()}", Selector(one.GetProperty("query").GetProperty("query").GetString()!), false, true)),
    ];

    private static bool IsOfPrometheus(JsonElement panel) =>
        panel.TryGetProperty("datasource", out var source) && source.GetProperty("type").GetString() == "prometheus";

    /// <summary>What stands in <c>label_values(…, label)</c> or <c>query_result(…)</c>.</summary>
    private static string Selector(string variable)
    {
        var inner = variable[(variable.IndexOf('(') + 1)..variable.LastIndexOf(')')];
        return variable.StartsWith("label_values", StringComparison.Ordinal) ? inner[..inner.LastIndexOf(',')] : inner;
    }
}

/// <param name="HasExemplars">Whether its dots lead to traces.</param>
/// <param name="IsInstant">Whether only the newest value is shown.</param>
internal sealed record PanelQuery(string Board, string Panel, string Expr, bool HasExemplars, bool IsInstant)
{
    /// <summary>PromQL as Grafana sends it, with all of each variable chosen.</summary>
    /// <param name="values">Of variables without dollar, like <c>host</c>.</param>
    public string With(IReadOnlyDictionary<string, string> values) =>
        values.OrderByDescending(value => value.Key.Length).Aggregate(Expr, (expr, value) => expr.Replace($"${value.Key}", value.Value, StringComparison.Ordinal));

    public override string ToString() => $"{Board} / {Panel}";
}
