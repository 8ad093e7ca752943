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
    /// <summary>Where the object stands in the schema.</summary>
    public required string Pointer { get; init; }

    /// <summary>Number includes Integer.</summary>
    public JsonTypes Types { get; set; } = JsonTypes.All;

    /// <summary>The values of enum or const; null for any.</summary>
    public IReadOnlyList<JsonElement>? Values { get; set; }

    public NumberRange Range { get; set; } = new();

    public int MinLength { get; set; }

    public int? MaxLength { get; set; }

    public List<string> Patterns { get; } = [];

    public string? Format { get; set; }

    /// <summary>Pointers to the items that have a schema of their own.</summary>
    public List<string> PrefixItems { get; } = [];

    /// <summary>Pointer to the schema of all further items.</summary>
    public string? Items { get; set; }

    public int MinItems { get; set; }

    public int? MaxItems { get; set; }

    /// <summary>Names and pointers, in order.</summary>
    public List<(string Name, string Pointer)> Properties { get; } = [];

    public Dictionary<string, string> PropertyPointers { get; } = [];

    public List<string> Required { get; } = [];

    /// <summary>Pointer to the schema of all further properties.</summary>
    public string? AdditionalProperties { get; set; }

    public int MinProperties { get; set; }

    public int? MaxProperties { get; set; }

    /// <summary>The keywords that assert something, to name in errors.</summary>
    public List<string> Keywords { get; } = [];
}
