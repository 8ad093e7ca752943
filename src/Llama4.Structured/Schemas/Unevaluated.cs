using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>
/// unevaluatedProperties and unevaluatedItems, once all that stands beside them is written out: in each alternative it is
/// known which properties and items others speak of, so that they say the same as additionalProperties and items.
/// </summary>
internal sealed class Unevaluated(SchemaDocument document)
{
    /// <summary>Adds what the keywords of a schema assert to its alternatives.</summary>
    public Assertions[][] Add(string pointer, JsonElement schema, Assertions[][] alternatives)
    {
        if (!document.HasUnevaluated)
        {
            return alternatives;
        }

        if (schema.TryGetProperty("unevaluatedItems", out var items))
        {
            var child = document.Child(pointer, "unevaluatedItems", KeywordValue.Schema("unevaluatedItems", items));
            alternatives = [.. alternatives.Select((all, index) => (Assertions[])[.. all, .. Items(child, index, [.. all.Where(one => one.Evaluates)])])];
        }

        if (schema.TryGetProperty("unevaluatedProperties", out var properties))
        {
            var child = document.Child(pointer, "unevaluatedProperties", KeywordValue.Schema("unevaluatedProperties", properties));
            alternatives = [.. alternatives.Select((all, index) => (Assertions[])[.. all, .. Properties(child, index, [.. all.Where(one => one.Evaluates)])])];
        }

        return alternatives;
    }

    /// <summary>Neither keyword has a contrary here: a schema is refused where arrays or objects need it.</summary>
    public static IEnumerable<Assertions[]> Contrary(string pointer, JsonElement schema) =>
        new[] { ("unevaluatedItems", JsonTypes.Array), ("unevaluatedProperties", JsonTypes.Object) }
            .Where(one => schema.TryGetProperty(one.Item1, out _))
            .Select(one => (Assertions[])[new Assertions
            {
                Pointer = $"~n{one.Item1}{pointer}",
                Types = one.Item2,
                Evaluates = false,
                Refusal = new(one.Item1, "is not supported where its contrary is needed, as under not or if"),
            }]);

    private static Assertions[] Items(string pointer, int index, Assertions[] all)
    {
        if (all.Any(one => one.Contains is not null))
        {
            throw new ConstraintException("unevaluatedItems", "is not supported beside contains");
        }

        if (all.Any(one => one.Items is not null))
        {
            return [];
        }

        var rest = new Assertions { Pointer = $"~u{index}{pointer}", Items = pointer };
        rest.PrefixItems.AddRange(Enumerable.Repeat(SchemaPointer.Anything, all.Select(one => one.PrefixItems.Count).DefaultIfEmpty().Max()));
        rest.Keywords.Add("unevaluatedItems");
        return [rest];
    }

    private static Assertions[] Properties(string pointer, int index, Assertions[] all)
    {
        if (all.Any(one => one.AdditionalProperties is not null))
        {
            return [];
        }

        var rest = new Assertions { Pointer = $"~u{index}{pointer}", AdditionalProperties = pointer };
        foreach (var name in all.SelectMany(one => one.Properties).Select(property => property.Name).Distinct())
        {
            rest.Properties.Add((name, SchemaPointer.Anything));
            rest.PropertyPointers.Add(name, SchemaPointer.Anything);
        }

        rest.PatternProperties.AddRange(all.SelectMany(one => one.PatternProperties).Select(one => (one.Pattern, SchemaPointer.Anything)).Distinct());
        rest.Keywords.Add("unevaluatedProperties");
        return [rest];
    }
}
