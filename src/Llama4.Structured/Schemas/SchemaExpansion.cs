using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>
/// Resolves what combines schemas: references and allOf are put in place, anyOf and oneOf multiplied out. What is left
/// of a schema is a list of alternatives, each a list of <see cref="Assertions"/> that hold together, in the order of the schema's text.
/// </summary>
internal sealed class SchemaExpansion(SchemaDocument document, CompileBudget budget)
{
    /// <summary>Alternatives of one schema after multiplying out.</summary>
    private const int AlternativesMax = 2_000;

    private static readonly Assertions[][] Anything = [[]];

    private readonly AssertionReader _reader = new(document);
    private readonly Dictionary<string, Assertions[][]> _known = [];
    private readonly HashSet<string> _active = [];

    /// <summary>Alternatives that must be impossible, else a oneOf is not exclusive.</summary>
    public Queue<Assertions[]> MustBeEmpty { get; } = [];

    /// <summary>The keywords that took part in a contradiction, in order of discovery.</summary>
    public List<string> Contradictions { get; } = [];

    /// <summary>The alternatives of the values that satisfy all schemas at these pointers.</summary>
    public Assertions[][] Of(IEnumerable<string> pointers)
    {
        var all = Anything;
        foreach (var pointer in pointers)
        {
            all = Both(all, Of(pointer));
        }

        return all;
    }

    public Assertions[][] Of(string pointer)
    {
        if (_known.TryGetValue(pointer, out var known))
        {
            return known;
        }

        if (!_active.Add(pointer))
        {
            throw new ConstraintException("$ref", $"the schema at \"#{pointer}\" refers to itself without end");
        }

        budget.Spend(100, "schema");
        var result = Expand(pointer, document[pointer]);
        _active.Remove(pointer);
        _known.Add(pointer, result);
        return result;
    }

    private Assertions[][] Expand(string pointer, JsonElement schema)
    {
        if (schema.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return schema.ValueKind == JsonValueKind.True ? Anything : [];
        }

        if (AssertionReader.Schema("schema", schema).ValueKind != JsonValueKind.Object)
        {
            throw new InvalidOperationException("a schema is an object or a boolean");
        }

        var own = _reader.Read(pointer);

        // An object's own assertions stand where its properties do: that decides the order of keys.
        var place = own.Keywords.Contains("properties") ? "properties" : own.Keywords.Contains("required") ? "required" : own.Keywords.FirstOrDefault();
        var parts = new List<Assertions[][]>();
        var exclusive = new List<(int Index, Assertions[][][] Branches)>();
        foreach (var member in schema.EnumerateObject())
        {
            switch (member.Name)
            {
                case "$ref":
                    parts.Add(Of(document.Resolve(member.Value.ValueKind == JsonValueKind.String
                        ? member.Value.GetString()!
                        : throw AssertionReader.Wrong("$ref", "a reference", member.Value))));
                    break;
                case "allOf":
                    parts.AddRange(Branches(pointer, member));
                    break;
                case "anyOf":
                    parts.Add(Either(Branches(pointer, member), member.Name));
                    break;
                case "oneOf":
                    var branches = Branches(pointer, member);
                    exclusive.Add((parts.Count, branches));
                    parts.Add(Either(branches, member.Name));
                    break;
                default:
                    if (member.Name == place)
                    {
                        parts.Add([[own]]);
                    }

                    break;
            }
        }

        foreach (var (index, branches) in exclusive)
        {
            CheckExclusive(parts, index, branches);
        }

        return parts.Aggregate(Anything, Both);
    }

    private Assertions[][][] Branches(string pointer, JsonProperty member)
    {
        if (member.Value.ValueKind != JsonValueKind.Array || member.Value.GetArrayLength() == 0)
        {
            throw AssertionReader.Wrong(member.Name, "an array of schemas", member.Value);
        }

        var list = document.Child(pointer, member.Name, member.Value);
        var index = 0;
        return [.. member.Value.EnumerateArray().Select(branch =>
            Of(document.Child(list, $"{index++}", AssertionReader.Schema(member.Name, branch))))];
    }

    private static Assertions[][] Either(Assertions[][][] branches, string keyword)
    {
        var count = branches.Sum(branch => branch.Length);
        return count <= AlternativesMax
            ? [.. branches.SelectMany(branch => branch)]
            : throw new ConstraintException(keyword, $"expected at most {AlternativesMax} alternatives in all, found {count}");
    }

    /// <summary>No value may satisfy two branches and all that stands beside them.</summary>
    private void CheckExclusive(List<Assertions[][]> parts, int index, Assertions[][][] branches)
    {
        var beside = parts.Where((_, i) => i != index).Aggregate(Anything, Both);
        for (var i = 0; i < branches.Length; i++)
        {
            for (var j = i + 1; j < branches.Length; j++)
            {
                foreach (var overlap in Both(beside, Both(branches[i], branches[j])))
                {
                    MustBeEmpty.Enqueue(overlap);
                }
            }
        }
    }

    /// <summary>Every alternative of the left together with every one of the right, without those that no type is left for.</summary>
    private Assertions[][] Both(Assertions[][] left, Assertions[][] right)
    {
        if (ReferenceEquals(left, Anything))
        {
            return right;
        }

        if (ReferenceEquals(right, Anything))
        {
            return left;
        }

        var all = new List<Assertions[]>();
        foreach (var a in left)
        {
            foreach (var b in right)
            {
                budget.Spend(20 + a.Length + b.Length, "schema");
                var both = a.Union(b).ToArray();
                if (both.Aggregate(JsonTypes.All, (types, one) => types & one.Types) == JsonTypes.None)
                {
                    Contradictions.Add("type");
                    continue;
                }

                all.Add(both);
                if (all.Count > AlternativesMax)
                {
                    throw new ConstraintException("anyOf", $"expected at most {AlternativesMax} alternatives when all combinations are written out");
                }
            }
        }

        return [.. all];
    }
}
