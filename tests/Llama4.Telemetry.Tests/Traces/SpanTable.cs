using System.Text.RegularExpressions;
using Llama4.Telemetry.Tests.Otlp;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>The table of own attributes in docs/decisions/traces.md: which are on which spans.</summary>
internal static partial class SpanTable
{
    /// <summary>Attribute, and what the span's name begins with.</summary>
    public static IReadOnlyList<(string Attribute, string Span)> Rows { get; } =
    [
        .. from line in File.ReadLines(Path.Combine(Golden.Checkout, "docs", "decisions", "traces.md"))
            where line.StartsWith("| `llama4.", StringComparison.Ordinal)
            let cells = line.Split('|', StringSplitOptions.TrimEntries)
            from name in Name().Matches(cells[1])
            from span in cells[2].Split(", ")
            select (name.Groups[1].Value, span),
    ];

    /// <summary>What spans have that the table does not say, or says of others.</summary>
    public static IEnumerable<string> Unsaid(IEnumerable<ReceivedSpan> spans) =>
        spans.SelectMany(span => span.Tags.Keys.Where(tag => tag.StartsWith("llama4.", StringComparison.Ordinal)).Select(tag => (Tag: tag, Span: span.Name)))
            .Where(one => !Rows.Any(row => row.Attribute == one.Tag && $"{one.Span} ".StartsWith($"{row.Span} ", StringComparison.Ordinal)))
            .Select(one => $"{one.Tag} on {one.Span}").Distinct();

    [GeneratedRegex("`(llama4\\.[a-z_.]+)`")]
    private static partial Regex Name();
}
