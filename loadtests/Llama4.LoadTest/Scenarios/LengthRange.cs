using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama4.LoadTest.Scenarios;

/// <summary>A number of tokens or turns, drawn evenly from Min..Max; in files a number, or <c>[min, max]</c>.</summary>
[JsonConverter(typeof(LengthRangeConverter))]
internal readonly record struct LengthRange(int Min, int Max)
{
    public int Draw(Draws draws) => Min + draws.Below(Max - Min + 1);

    /// <summary>What is wrong with it as a length of 1 to <paramref name="most"/>, or null.</summary>
    public string? Mistake(string name, int most = 1_000_000) =>
        Min >= 1 && Max >= Min && Max <= most ? null : $"{name}: expected a number or [min, max] within 1..{most}, found [{Min}, {Max}]";
}

internal sealed class LengthRangeConverter : JsonConverter<LengthRange>
{
    public override LengthRange Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var one))
        {
            return new LengthRange(one, one);
        }

        if (reader.TokenType == JsonTokenType.StartArray
            && reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var min)
            && reader.Read() && reader.TokenType == JsonTokenType.Number && reader.TryGetInt32(out var max)
            && reader.Read() && reader.TokenType == JsonTokenType.EndArray)
        {
            return new LengthRange(min, max);
        }

        throw new JsonException("expected a whole number or [min, max]");
    }

    public override void Write(Utf8JsonWriter writer, LengthRange value, JsonSerializerOptions options)
    {
        writer.WriteStartArray();
        writer.WriteNumberValue(value.Min);
        writer.WriteNumberValue(value.Max);
        writer.WriteEndArray();
    }
}
