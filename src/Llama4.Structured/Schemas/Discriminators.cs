using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>
/// Sees soon that alternatives exclude each other by a property that says what kind of object it is, such as "kind":"a"
/// and "kind":"b", so that conditions on it do not multiply.
/// </summary>
internal static class Discriminators
{
    /// <summary>Whether no object satisfies all, since a required property has no string left that it could be, and nothing else. False says nothing, and neither says anything of values that are no objects.</summary>
    public static bool Exclude(IReadOnlyList<Assertions> all, SchemaDocument document, CompileBudget budget)
    {
        foreach (var name in all.SelectMany(one => one.Required).Distinct())
        {
            HashSet<string>? allowed = null;
            var excluded = new HashSet<string>();
            foreach (var one in all)
            {
                budget.Spend(3, "schema");
                if (!one.PropertyPointers.TryGetValue(name, out var pointer))
                {
                    continue;
                }

                if (pointer == SchemaPointer.Nothing)
                {
                    return true;
                }

                if (Strings(pointer.TrimStart('!'), document) is not { } strings)
                {
                    continue;
                }

                if (SchemaPointer.IsNegation(pointer))
                {
                    excluded.UnionWith(strings);
                }
                else if (allowed is null)
                {
                    allowed = [.. strings];
                }
                else
                {
                    allowed.IntersectWith(strings);
                }
            }

            if (allowed is not null && allowed.IsSubsetOf(excluded))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>The strings of a schema that is a const or enum of strings and nothing else but perhaps their type; null for any other schema.</summary>
    private static List<string>? Strings(string pointer, SchemaDocument document)
    {
        if (pointer.Length == 0 || pointer[0] is '=' or '?')
        {
            return null;
        }

        var schema = document[pointer];
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return null;
        }

        var values = default(JsonElement);
        foreach (var member in schema.EnumerateObject())
        {
            switch (member.Name)
            {
                case "const" or "enum" when values.ValueKind == JsonValueKind.Undefined:
                    values = member.Value;
                    break;
                case "type" when member.Value.ValueKind == JsonValueKind.String && member.Value.GetString() == "string":
                case "title" or "description":
                    break;
                default:
                    return null;
            }
        }

        var list = values.ValueKind switch
        {
            JsonValueKind.String => [values],
            JsonValueKind.Array => [.. values.EnumerateArray()],
            _ => new List<JsonElement>(),
        };
        return list.Count > 0 && list.TrueForAll(value => value.ValueKind == JsonValueKind.String) ? [.. list.Select(value => value.GetString()!)] : null;
    }
}
