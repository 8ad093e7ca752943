using System.Text.Json;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Schemas;

/// <summary>Reads the value of a keyword; one of another form is an error that names the keyword, what was expected and what was found.</summary>
internal static class KeywordValue
{
    /// <summary>Names, each once.</summary>
    public static IEnumerable<string> Names(string keyword, JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(name => name.ValueKind == JsonValueKind.String)
            ? value.EnumerateArray().Select(name => name.GetString()!).Distinct()
            : throw Wrong(keyword, "an array of names", value);

    public static JsonTypes Types(JsonElement value)
    {
        if (value.ValueKind == JsonValueKind.String)
        {
            return Type(value);
        }

        return value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
            ? value.EnumerateArray().Aggregate(JsonTypes.None, (types, type) => types | Type(type))
            : throw Wrong("type", "the name of a type or an array of them", value);
    }

    private static JsonTypes Type(JsonElement value) => (value.ValueKind == JsonValueKind.String ? value.GetString() : null) switch
    {
        "null" => JsonTypes.Null,
        "boolean" => JsonTypes.Boolean,
        "integer" => JsonTypes.Integer,
        "number" => JsonTypes.Number | JsonTypes.Integer,
        "string" => JsonTypes.String,
        "array" => JsonTypes.Array,
        "object" => JsonTypes.Object,
        _ => throw Wrong("type", "null, boolean, integer, number, string, array or object", value),
    };

    public static ExactDecimal Number(string keyword, JsonElement value) =>
        value.ValueKind == JsonValueKind.Number ? ExactDecimal.Parse(value.GetRawText(), keyword) : throw Wrong(keyword, "a number", value);

    public static int Count(string keyword, JsonElement value)
    {
        var count = Number(keyword, value);
        return !count.IsInteger || count.Mantissa.Sign < 0 ? throw Wrong(keyword, "an integer of at least 0", value)
            : count.Mantissa > StringLexeme.LengthMax ? throw Wrong(keyword, $"at most {StringLexeme.LengthMax}", value)
            : (int)count.Mantissa;
    }

    /// <summary>A schema is an object, true or false.</summary>
    public static JsonElement Schema(string keyword, JsonElement value) =>
        value.ValueKind is JsonValueKind.Object or JsonValueKind.True or JsonValueKind.False ? value : throw Wrong(keyword, "a schema", value);

    public static ConstraintException Wrong(string keyword, string expected, JsonElement found)
    {
        var text = found.GetRawText();
        return new(keyword, $"expected {expected}, found {(text.Length > 60 ? text[..60] + "…" : text)}");
    }
}
