using System.Text.Json;

namespace Llama4.Model;

/// <summary>Typed reading of one JSON object of a config file; every mismatch names file, key, expected and found.</summary>
internal sealed class ConfigFields(string file, string path, JsonElement json)
{
    /// <summary>No product of three sizes passes 2^60, so that parameter counts fit 64 bits; Maverick's largest size is 202,048.</summary>
    public const int SizeMax = 1 << 20;

    public bool Has(string key) => json.TryGetProperty(key, out _);

    /// <summary>True when the key is present and not null.</summary>
    public bool HasValue(string key) => json.TryGetProperty(key, out var value) && value.ValueKind != JsonValueKind.Null;

    public ConfigFields? Section(string key)
    {
        if (!HasValue(key))
            return null;
        var value = json.GetProperty(key);
        return value.ValueKind == JsonValueKind.Object
            ? new ConfigFields(file, path + key + ".", value)
            : throw Wrong(key, "an object");
    }

    /// <summary>A count from 1 to <paramref name="most"/> that must be there.</summary>
    public int Size(string key, int most = SizeMax) =>
        HasValue(key) ? Integer(key, 1, most) : throw Error(key, $"a whole number from 1 to {most}", "nothing");

    public int SizeOr(string key, int fallback, int most = SizeMax) => HasValue(key) ? Integer(key, 1, most) : fallback;

    public int Integer(string key, int least, int most)
    {
        var value = json.GetProperty(key);
        // 8192.0 is how some writers print a whole number.
        if (value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number)
            && number == Math.Floor(number) && number >= least && number <= most)
            return (int)number;
        throw Wrong(key, $"a whole number from {least} to {most}");
    }

    public double PositiveOr(string key, double fallback)
    {
        if (!HasValue(key))
            return fallback;
        var value = json.GetProperty(key);
        return value.ValueKind == JsonValueKind.Number && value.TryGetDouble(out var number) && double.IsFinite(number) && number > 0
            ? number
            : throw Wrong(key, "a number above 0");
    }

    public double Positive(string key) => HasValue(key) ? PositiveOr(key, 0) : throw Error(key, "a number above 0", "nothing");

    public bool FlagOr(string key, bool fallback)
    {
        if (!HasValue(key))
            return fallback;
        return json.GetProperty(key).ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False => false,
            _ => throw Wrong(key, "true or false"),
        };
    }

    /// <summary>true, false or a number as truth: early releases wrote <c>attn_temperature_tuning: 4</c>. Null is false.</summary>
    public bool TruthOr(string key, bool fallback)
    {
        if (!Has(key))
            return fallback;
        var value = json.GetProperty(key);
        return value.ValueKind switch
        {
            JsonValueKind.True => true,
            JsonValueKind.False or JsonValueKind.Null => false,
            JsonValueKind.Number when value.TryGetDouble(out var number) => number != 0,
            _ => throw Wrong(key, "true, false or a number"),
        };
    }

    public string? Text(string key)
    {
        if (!HasValue(key))
            return null;
        var value = json.GetProperty(key);
        return value.ValueKind == JsonValueKind.String ? value.GetString() : throw Wrong(key, "a string");
    }

    public int[]? Integers(string key, int least, int most)
    {
        if (!HasValue(key))
            return null;
        var value = json.GetProperty(key);
        var expected = $"a list of whole numbers from {least} to {most}";
        if (value.ValueKind != JsonValueKind.Array)
            throw Wrong(key, expected);
        var numbers = new List<int>();
        foreach (var item in value.EnumerateArray())
        {
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt32(out var number) || number < least || number > most)
                throw Error(key, expected, $"the item {CheckpointException.Excerpt(item.GetRawText())} at index {numbers.Count}");
            numbers.Add(number);
        }
        return [.. numbers];
    }

    public string[]? Texts(string key)
    {
        if (!HasValue(key))
            return null;
        var value = json.GetProperty(key);
        if (value.ValueKind != JsonValueKind.Array || value.EnumerateArray().Any(item => item.ValueKind != JsonValueKind.String))
            throw Wrong(key, "a list of strings");
        return [.. value.EnumerateArray().Select(item => item.GetString()!)];
    }

    /// <summary>One id, a list of ids, or null.</summary>
    public int[] Ids(string key)
    {
        if (!HasValue(key))
            return [];
        return json.GetProperty(key).ValueKind == JsonValueKind.Array
            ? Integers(key, 0, int.MaxValue)!
            : [Integer(key, 0, int.MaxValue)];
    }

    public int? Id(string key) => HasValue(key) ? Integer(key, 0, int.MaxValue) : null;

    public CheckpointException Wrong(string key, string expected) =>
        Error(key, expected, json.TryGetProperty(key, out var value) ? CheckpointException.Excerpt(value.GetRawText()) : "nothing");

    public CheckpointException Error(string key, string expected, string found) => new(file, $"key {path}{key}", expected, found);
}
