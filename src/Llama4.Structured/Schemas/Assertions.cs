using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>The types of JSON values that a schema tells apart.</summary>
[Flags]
internal enum JsonTypes
{
    None = 0,
    Null = 1,
    Boolean = 2,
    Integer = 4,
    Number = 8,
    String = 16,
    Array = 32,
    Object = 64,
    All = Null | Boolean | Integer | Number | String | Array | Object,
}

/// <summary>What one schema object asserts by itself, without the schemas it refers to or combines.</summary>
internal sealed class Assertions
{
    private string _pointer = "";
    private bool _evaluates = true;

    /// <summary>Any value but an object.</summary>
    public static Assertions NoObject { get; } = new() { Pointer = "~not object", Types = JsonTypes.All & ~JsonTypes.Object, Evaluates = false };

    /// <summary>Where the object stands in the schema.</summary>
    public required string Pointer
    {
        get => _pointer;
        init => _pointer = value;
    }

    /// <summary>Number includes Integer.</summary>
    public JsonTypes Types { get; set; } = JsonTypes.All;

    /// <summary>The values of enum or const; null for any.</summary>
    public IReadOnlyList<JsonElement>? Values { get; set; }

    public NumberRange Range { get; set; } = new();

    public int MinLength { get; set; }

    public int? MaxLength { get; set; }

    public List<StringRule> Strings { get; } = [];

    /// <summary>Strings that are not allowed.</summary>
    public IReadOnlyList<string> NotTexts { get; init; } = [];

    /// <summary>Pointers to the items that have a schema of their own.</summary>
    public List<string> PrefixItems { get; } = [];

    /// <summary>Pointer to the schema of all further items.</summary>
    public string? Items { get; set; }

    public int MinItems { get; set; }

    public int? MaxItems { get; set; }

    public ContainsRule? Contains { get; set; }

    public bool UniqueItems { get; set; }

    /// <summary>Names and pointers, in order.</summary>
    public List<(string Name, string Pointer)> Properties { get; } = [];

    public Dictionary<string, string> PropertyPointers { get; } = [];

    public List<string> Required { get; } = [];

    /// <summary>Pointer to the schema of all further properties.</summary>
    public string? AdditionalProperties { get; set; }

    /// <summary>Regexes and pointers, in order.</summary>
    public List<(string Pattern, string Pointer)> PatternProperties { get; } = [];

    /// <summary>Pointer to the schema of all keys.</summary>
    public string? PropertyNames { get; set; }

    /// <summary>Whether some key must be none of <see cref="Properties"/>.</summary>
    public bool HasOther { get; init; }

    public int MinProperties { get; set; }

    public int? MaxProperties { get; set; }

    /// <summary>Whether what this asserts something of counts as evaluated: not what a negation asserts.</summary>
    public bool Evaluates
    {
        get => _evaluates;
        init => _evaluates = value;
    }

    /// <summary>Assertions that fail, though no automaton tells for which values of these types: only a single value can be checked.</summary>
    public Assertions? Untold { get; init; }

    /// <summary>Why the schema is refused if such values are left; without <see cref="Untold"/>, if a single value must be checked as well.</summary>
    public ConstraintException? Refusal { get; init; }

    /// <summary>The keywords that assert something, to name in errors.</summary>
    public List<string> Keywords { get; } = [];

    /// <summary>Whether all other values satisfy this.</summary>
    public bool IsOfObjectsOnly => Types == JsonTypes.All && Values is null && NotTexts.Count == 0 && Strings.Count == 0 && MinLength == 0 && MaxLength is null
        && Range.IsUnbounded && PrefixItems.Count == 0 && Items is null && MinItems == 0 && MaxItems is null && Contains is null && !UniqueItems;

    /// <summary>The pointers to all that the value of a key must satisfy.</summary>
    /// <param name="matches">Whether the key matches a pattern of <see cref="PatternProperties"/>.</param>
    public IEnumerable<string> SchemasOf(string key, Func<string, bool> matches)
    {
        var isListed = PropertyPointers.TryGetValue(key, out var own);
        var matched = PatternProperties.Where(one => matches(one.Pattern)).Select(one => one.Pointer).ToList();
        return isListed ? matched.Prepend(own!) : matched.Count == 0 && AdditionalProperties is { } further ? [further] : matched;
    }

    /// <summary>The same, for a value that a negation speaks of.</summary>
    public Assertions Silent()
    {
        if (!Evaluates)
        {
            return this;
        }

        var silent = (Assertions)MemberwiseClone();
        return silent.Rename("~s" + Pointer);
    }

    private Assertions Rename(string pointer)
    {
        (_pointer, _evaluates) = (pointer, false);
        return this;
    }
}

/// <summary>What strings a regex allows.</summary>
/// <param name="Search">Whether it may match anywhere in the string; else it is the whole string.</param>
/// <param name="Excluded">Whether the strings that match are those that are not allowed.</param>
/// <param name="Keyword">Where it comes from.</param>
internal readonly record struct StringRule(string Regex, bool Search, bool Excluded, string Keyword);

/// <summary>How many items of an array must satisfy a schema.</summary>
/// <param name="From">Where they begin to count.</param>
internal sealed record ContainsRule(string Pointer, int Min, int? Max, int From = 0);
