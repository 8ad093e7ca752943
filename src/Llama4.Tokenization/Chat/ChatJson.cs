using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>Typed reading of a request's JSON; a mistake is told with its place. An absent member and null are the same.</summary>
internal static class ChatJson
{
    public static JsonElement Required(JsonElement parent, string name, string param) => parent.ValueKind == JsonValueKind.Object
        ? Optional(parent, name) ?? throw new ChatRequestException($"Expected a property \"{name}\", found none.", param)
        : throw new ChatRequestException($"Expected an object with \"{name}\", found {Shown(parent)}.", param);

    public static JsonElement? Optional(JsonElement parent, string name) =>
        parent.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    public static string Text(JsonElement value, string param)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            throw new ChatRequestException($"Expected a string, found {Shown(value)}.", param);
        }

        try
        {
            return value.GetString()!;
        }
        catch (InvalidOperationException)
        {
            throw new ChatRequestException("Expected valid Unicode, found half of a surrogate pair.", param);
        }
    }

    /// <summary>Objects and arrays in each other in what prompts show: indented and nested, it grows with its depth.</summary>
    public const int DepthMax = 64;

    /// <summary>
    /// Finds what cannot be written into a prompt: half of a surrogate pair, or more nested than <see cref="DepthMax"/>. The value is written much
    /// later, where it could no longer be told as the caller's mistake.
    /// </summary>
    public static void CheckText(JsonElement value, string param, int depth = 0)
    {
        if (depth == DepthMax && value.ValueKind is (JsonValueKind.Array or JsonValueKind.Object))
        {
            throw new ChatRequestException($"Expected at most {DepthMax} objects and arrays in each other, found more.", param);
        }

        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                Text(value, param);
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    CheckText(item, param, depth + 1);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    CheckName(member, param);
                    CheckText(member.Value, param, depth + 1);
                }

                break;
        }
    }

    private static void CheckName(JsonProperty member, string param)
    {
        try
        {
            _ = member.Name;
        }
        catch (InvalidOperationException)
        {
            throw new ChatRequestException("Expected names of valid Unicode, found half of a surrogate pair.", param);
        }
    }

    public static string Shown(JsonElement value)
    {
        const int ShownMax = 60;
        if (value.ValueKind == JsonValueKind.Undefined)
        {
            return "nothing";
        }

        var text = value.GetRawText();
        return text.Length > ShownMax ? text[..ShownMax] + "..." : text;
    }
}
