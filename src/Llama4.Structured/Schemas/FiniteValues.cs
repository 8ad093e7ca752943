using System.Numerics;
using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>The values of a schema, where they can be counted: of enum and const, booleans, null, integers in a short range.</summary>
internal sealed class FiniteValues(SchemaExpansion expansion, ValueCheck values)
{
    /// <summary>More are not written out.</summary>
    public const int Max = 16;

    private static readonly JsonElement[] Words = [.. new[] { "null", "true", "false" }.Select(word => JsonDocument.Parse(word).RootElement)];

    /// <summary>All values that satisfy the schemas at these pointers, each once; null if there are more than <see cref="Max"/>, or it cannot be told.</summary>
    public IReadOnlyList<JsonElement>? Of(IReadOnlyCollection<string> pointers)
    {
        var all = new List<JsonElement>();
        foreach (var alternative in expansion.Of(pointers))
        {
            if (Of(alternative) is not { } some)
            {
                return null;
            }

            all.AddRange(some.Where(value => !all.Exists(other => JsonElement.DeepEquals(value, other))));
            if (all.Count > Max)
            {
                return null;
            }
        }

        return all;
    }

    private IEnumerable<JsonElement>? Of(Assertions[] all)
    {
        if (all.FirstOrDefault(one => one.Values is not null) is { Values: { } listed } holder)
        {
            return listed.Where(value => values.Allows(all, value, holder));
        }

        var types = all.Aggregate(JsonTypes.All, (types, one) => types & one.Types);
        if ((types & ~(JsonTypes.Null | JsonTypes.Boolean | JsonTypes.Integer)) != 0)
        {
            return null;
        }

        var words = Words.Where(word => values.Allows(all, word));
        if ((types & JsonTypes.Integer) == 0)
        {
            return words;
        }

        var range = all.Aggregate(new NumberRange { Integer = true }, (range, one) => range.And(one.Range));
        if (range is not { Low: { } low, High: { } high } || high.Floor() - low.Floor() is var span && (span < 0 || span > 10 * Max))
        {
            return null;
        }

        return [.. words, .. Enumerable.Range(0, (int)span + 1)
            .Select(i => JsonDocument.Parse((low.Floor() + i).ToString(System.Globalization.CultureInfo.InvariantCulture)).RootElement)
            .Where(value => values.Allows(all, value))];
    }
}
