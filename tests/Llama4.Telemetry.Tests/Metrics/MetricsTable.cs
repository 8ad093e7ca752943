using System.Text.RegularExpressions;

namespace Llama4.Telemetry.Tests.Metrics;

/// <summary>A line of the tables of docs/decisions/metrics.md.</summary>
/// <param name="Kind">counter, gauge or histogram.</param>
/// <param name="Unit">s, By, or nothing.</param>
/// <param name="LabelSets">At most, of a process.</param>
/// <param name="OfHost">Of a process that is a host of a cluster; otherwise of one that has a gateway.</param>
internal sealed record MetricsRow(string Name, string Kind, string Unit, string[] Labels, int LabelSets, bool OfHost);

internal static partial class MetricsTable
{
    public static string Text { get; } = File.ReadAllText(Path.Combine(Golden.Checkout, "docs", "decisions", "metrics.md"));

    public static IReadOnlyList<MetricsRow> Rows { get; } =
    [
        .. Line().Matches(Text).Select(line => new MetricsRow(
            line.Groups["name"].Value,
            line.Groups["kind"].Value,
            line.Groups["unit"].Value,
            line.Groups["labels"].Value.Split(", ", StringSplitOptions.RemoveEmptyEntries),
            int.Parse(line.Groups["series"].Value, System.Globalization.CultureInfo.InvariantCulture),
            line.Index > Text.IndexOf("A host, that is", StringComparison.Ordinal))),
    ];

    /// <summary>Those that .NET itself brings.</summary>
    public static IReadOnlyList<string> Runtime { get; } = [.. Dotnet().Matches(Text).Select(name => name.Groups[1].Value).Distinct()];

    [GeneratedRegex(@"^\| `(?<name>[a-z0-9_]+)` \| (?<kind>counter|gauge|histogram) \| (?<unit>[a-zA-Z]*) ?\| (?<labels>[a-z_, ]*?) ?\| (?<series>\d+)( x \d+)? \| .+ \|$", RegexOptions.Multiline)]
    private static partial Regex Line();

    [GeneratedRegex("`(dotnet_[a-z_]+)`")]
    private static partial Regex Dotnet();
}
