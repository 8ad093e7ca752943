using System.Text;
using System.Text.Json;
using Llama4.Structured.Schemas;

namespace Llama4.Structured.Tests;

/// <summary>The canonical text of a value, with its keys in every order: an automaton accepts one of them at most, unless keys are not listed.</summary>
internal static class CanonicalOrders
{
    private const int Max = 5_000;

    public static IEnumerable<string> Of(JsonElement value) => Texts(value).Take(Max);

    private static IEnumerable<string> Texts(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => Orders([.. value.EnumerateObject()])
            .SelectMany(order => Joined([.. order.Select(member => Texts(member.Value).Select(text => $"{Quoted(member.Name)}: {text}"))]))
            .Select(text => $"{{{text}}}"),
        JsonValueKind.Array => Joined([.. value.EnumerateArray().Select(Texts)]).Select(text => $"[{text}]"),
        JsonValueKind.String => [Quoted(value.GetString()!)],
        JsonValueKind.Number => [Number(value.GetRawText())],
        _ => [value.GetRawText()],
    };

    /// <summary>A plain decimal, if it can be written out.</summary>
    private static string Number(string json)
    {
        try
        {
            return ExactDecimal.Parse(json, "number").ToString();
        }
        catch (ConstraintException)
        {
            return json;
        }
    }

    public static string Quoted(string text)
    {
        var quoted = new StringBuilder("\"");
        foreach (var unit in text)
        {
            _ = unit switch
            {
                '"' or '\\' => quoted.Append('\\').Append(unit),
                < ' ' or '\x7F' => quoted.Append($"\\u{(int)unit:x4}"),
                _ => quoted.Append(unit),
            };
        }

        return quoted.Append('"').ToString();
    }

    private static IEnumerable<string> Joined(IReadOnlyList<IEnumerable<string>> parts) => parts.Count == 0
        ? [""]
        : parts.Skip(1).Aggregate(parts[0], (all, part) => all.SelectMany(text => part.Select(next => $"{text}, {next}")));

    private static IEnumerable<IReadOnlyList<JsonProperty>> Orders(IReadOnlyList<JsonProperty> members) => members.Count < 2
        ? [members]
        : members.Index().SelectMany(first => Orders([.. members.Where((_, i) => i != first.Index)])
            .Select(rest => (IReadOnlyList<JsonProperty>)[first.Item, .. rest]));
}
