using System.Text.Json;

namespace Llama4.Gateway.Requests;

/// <summary>Typed reading of a request's fields. An absent field and null are the same; a wrong type or range names the field.</summary>
internal readonly struct RequestFields(JsonElement root)
{
    public JsonElement? Find(string name) =>
        root.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    /// <param name="absent">What an absent field counts as.</param>
    public bool Flag(string name, bool absent = false) => Find(name) switch
    {
        null => absent,
        { ValueKind: JsonValueKind.False } => false,
        { ValueKind: JsonValueKind.True } => true,
        { } other => throw ApiError.WrongType(name, "true or false", Name(other)),
    };

    public int? Int(string name, int min, int max) => Find(name) is { } value ? Int(name, value, min, max) : null;

    public static int Int(string name, JsonElement value, int min, int max)
    {
        if (value.ValueKind != JsonValueKind.Number || (!value.TryGetInt64(out var number) && !IsWhole(value)))
        {
            throw ApiError.WrongType(name, "an integer", Name(value));
        }

        return value.TryGetInt64(out number) && number >= min && number <= max
            ? (int)number
            : throw ApiError.Invalid(
                $"'{name}' must be {(max == int.MaxValue && value.GetDouble() < min ? $"at least {min}" : $"from {min} to {max}")}, but is {Name(value)}.",
                name);
    }

    /// <summary>Any 64-bit integer.</summary>
    public long? Long(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Number } value when value.TryGetInt64(out var number) => number,
        { } other => throw ApiError.WrongType(name, "a 64-bit integer", Name(other)),
    };

    /// <summary>A finite number in [min, max], or in (min, max] where <paramref name="above"/> is set.</summary>
    public double? Number(string name, double min, double max, bool above = false) =>
        Find(name) is { } value ? Number(name, value, min, max, above) : null;

    public static double Number(string name, JsonElement value, double min, double max, bool above = false)
    {
        if (value.ValueKind != JsonValueKind.Number)
        {
            throw ApiError.WrongType(name, "a number", Name(value));
        }

        var number = value.GetDouble();
        return number <= max && (above ? number > min : number >= min)
            ? number
            : throw ApiError.Invalid(
                max == double.MaxValue
                    ? $"'{name}' must be a finite number of at least {min}, but is {Name(value)}."
                    : $"'{name}' must be in {(above ? '(' : '[')}{min}, {max}], but is {Name(value)}.",
                name);
    }

    /// <summary>An object as it is.</summary>
    public JsonElement? Object(string name) => Find(name) switch
    {
        null => null,
        { ValueKind: JsonValueKind.Object } value => value,
        { } other => throw ApiError.WrongType(name, "an object", Name(other)),
    };

    public string? Text(string name) => Find(name) is { } value ? Text(name, value) : null;

    public static string Text(string name, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw ApiError.WrongType(name, "a string", Name(value));
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw ApiError.Invalid($"'{name}' is not text: it holds bytes that are not UTF-8, or half of a surrogate pair.", name);
        }
    }

    /// <summary>How a value is named in an error: short ones by themselves, long ones by their kind.</summary>
    public static string Name(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => "an object",
        JsonValueKind.Array => "an array",
        JsonValueKind.String => "a string",
        _ when value.GetRawText() is { Length: <= 40 } text => text,
        _ => "a number",
    };

    private static bool IsWhole(JsonElement value) => value.GetRawText().AsSpan().IndexOfAny(".eE") < 0;
}
