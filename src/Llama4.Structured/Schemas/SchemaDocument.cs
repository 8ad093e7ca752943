using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>The text of a schema, its parts named by JSON pointers, references resolved.</summary>
internal sealed class SchemaDocument
{
    private readonly JsonElement _root;
    private static readonly JsonElement True = JsonDocument.Parse("true").RootElement;

    private readonly Dictionary<string, JsonElement> _parts = [];
    private readonly List<JsonElement> _values = [];
    private bool? _hasNestedIds;

    public SchemaDocument(JsonElement root)
    {
        _root = root;
        _parts[""] = root;
        _parts[SchemaPointer.Anything] = True;
        var dialect = root.ValueKind == JsonValueKind.Object && root.TryGetProperty("$schema", out var uri) && uri.ValueKind == JsonValueKind.String ? uri.GetString()! : "";
        if (dialect.Length > 0 && !dialect.Contains("json-schema.org/", StringComparison.Ordinal))
        {
            throw new ConstraintException("$schema", $"expected a draft of json-schema.org, found \"{dialect}\"");
        }

        IsDraft7 = OldDialects.Any(old => dialect.Contains(old, StringComparison.Ordinal));
        HasUnevaluated = root.GetRawText() is var text && (text.Contains("\"unevaluated", StringComparison.Ordinal) || text.Contains("\\u", StringComparison.Ordinal));
    }

    /// <summary>Whether the schema is of draft 7 or older, where nothing counts beside a <c>$ref</c>.</summary>
    public bool IsDraft7 { get; }

    /// <summary>Whether a keyword may ask which properties or items others have evaluated.</summary>
    public bool HasUnevaluated { get; }

    private static IEnumerable<string> OldDialects => ["draft-03", "draft-04", "draft-06", "draft-07"];

    /// <summary>Names the schema that one value satisfies.</summary>
    public string Equal(JsonElement value)
    {
        _values.Add(value);
        return $"={_values.Count - 1}";
    }

    /// <summary>The value that a name of <see cref="Equal"/> stands for.</summary>
    public JsonElement ValueOf(string pointer) => _values[int.Parse(pointer.AsSpan(1), System.Globalization.CultureInfo.InvariantCulture)];

    /// <summary>The part that a pointer names; it must have been found before.</summary>
    public JsonElement this[string pointer] => _parts[pointer];

    /// <summary>Names a part of a part. No name holds a line feed, so that lists of names can be names as well.</summary>
    public string Child(string pointer, string step, JsonElement value)
    {
        var child = $"{pointer}/{step.Replace("~", "~0", StringComparison.Ordinal).Replace("/", "~1", StringComparison.Ordinal).Replace("\n", "~2", StringComparison.Ordinal)}";
        _parts[child] = value;
        return child;
    }

    /// <summary>The pointer that a <c>$ref</c> leads to: <c>#</c>, a JSON pointer, or an anchor; always in the document itself.</summary>
    /// <exception cref="ConstraintException">It leads elsewhere or nowhere.</exception>
    public string Resolve(string reference)
    {
        if (_root.ValueKind == JsonValueKind.Object && _root.TryGetProperty("$id", out var id) && id.ValueKind == JsonValueKind.String
            && id.GetString() is { Length: > 0 } own && reference.StartsWith(own.TrimEnd('#') + "#", StringComparison.Ordinal))
        {
            reference = reference[own.TrimEnd('#').Length..];
        }

        if (!reference.StartsWith('#'))
        {
            throw new ConstraintException("$ref", $"expected a reference inside the schema that starts with #, found \"{reference}\"");
        }

        _hasNestedIds ??= HasNestedIds(_root, isRoot: true);
        if (_hasNestedIds.Value)
        {
            throw new ConstraintException("$ref", "references beside a nested $id are not supported");
        }

        var fragment = Uri.UnescapeDataString(reference[1..]);
        if (fragment.Length == 0)
        {
            return "";
        }

        if (fragment[0] == '/')
        {
            return FollowPointer(reference, fragment);
        }

        return FindAnchor(_root, "", fragment) ?? throw new ConstraintException("$ref", $"\"{reference}\" names no $anchor of the schema");
    }

    private string FollowPointer(string reference, string fragment)
    {
        var at = _root;
        var pointer = "";
        foreach (var step in fragment[1..].Split('/'))
        {
            var name = step.Replace("~1", "/", StringComparison.Ordinal).Replace("~0", "~", StringComparison.Ordinal);
            var found = at.ValueKind == JsonValueKind.Object ? at.TryGetProperty(name, out var next)
                : at.ValueKind == JsonValueKind.Array & int.TryParse(name, out var index) && (uint)index < at.GetArrayLength() ? (next = at[index]).ValueKind >= 0
                : (next = default).ValueKind > JsonValueKind.Null;
            if (!found)
            {
                throw new ConstraintException("$ref", $"\"{reference}\" leads nowhere in the schema");
            }

            at = next;
            pointer = Child(pointer, name, at);
        }

        return pointer;
    }

    private string? FindAnchor(JsonElement at, string pointer, string anchor)
    {
        if (at.ValueKind == JsonValueKind.Object)
        {
            if (at.TryGetProperty("$anchor", out var own) && own.ValueKind == JsonValueKind.String && own.GetString() == anchor)
            {
                return pointer;
            }

            foreach (var member in at.EnumerateObject().Where(member => !IsData(member.Name)))
            {
                if (FindAnchor(member.Value, Child(pointer, member.Name, member.Value), anchor) is { } found)
                {
                    return found;
                }
            }
        }

        if (at.ValueKind == JsonValueKind.Array)
        {
            var index = 0;
            foreach (var item in at.EnumerateArray())
            {
                if (FindAnchor(item, Child(pointer, $"{index++}", item), anchor) is { } found)
                {
                    return found;
                }
            }
        }

        return null;
    }

    /// <summary>A schema inside with an id of its own is another document to its references.</summary>
    private static bool HasNestedIds(JsonElement at, bool isRoot) => at.ValueKind switch
    {
        JsonValueKind.Object => (!isRoot && at.TryGetProperty("$id", out var id) && id.ValueKind == JsonValueKind.String)
            || at.EnumerateObject().Any(member => !IsData(member.Name) && HasNestedIds(member.Value, isRoot: false)),
        JsonValueKind.Array => at.EnumerateArray().Any(item => HasNestedIds(item, isRoot: false)),
        _ => false,
    };

    private static bool IsData(string keyword) => keyword is "enum" or "const" or "default" or "examples";
}
