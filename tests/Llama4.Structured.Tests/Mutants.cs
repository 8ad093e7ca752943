using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llama4.Structured.Tests;

/// <summary>Values that differ from a value in one place.</summary>
internal static class Mutants
{
    private static readonly string[] Others = ["null", "true", "0", "5", "-1", "1.5", "0.25", "14", "\"\"", "\"a\"", "\"x1\"", "\"abcde\"", "[]", "[1]", "{}", "{\"kind\":\"b\"}", "{\"k\":[1,\"x\"]}"];

    private static readonly string[] Keys = ["a", "b", "c", "kind", "v", "w", "x", "xy", "y", "p", "q", "next"];

    public static JsonElement Of(JsonElement value, Random random) =>
        JsonDocument.Parse(Change(JsonNode.Parse(value.GetRawText()), random)?.ToJsonString(Plain) ?? "null").RootElement;

    private static readonly JsonSerializerOptions Plain = new() { Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static JsonNode? Change(JsonNode? node, Random random)
    {
        switch (node)
        {
            case JsonObject members when random.Next(4) > 0:
                ChangeObject(members, random);
                return members;
            case JsonArray items when random.Next(4) > 0:
                ChangeArray(items, random);
                return items;
            case JsonValue text when text.GetValueKind() == JsonValueKind.String && random.Next(3) > 0:
                var before = text.GetValue<string>();
                return random.Next(3) switch
                {
                    0 => before + "a",
                    1 => before.Length > 0 ? before[1..] : "b",
                    _ => before.Length > 0 ? before[..^1] + "9" : "ab",
                };
            case JsonValue number when number.GetValueKind() == JsonValueKind.Number && random.Next(3) > 0 && number.ToJsonString().Length < 12:
                return JsonNode.Parse((number.GetValue<decimal>() + new[] { 1m, -1m, 0.5m, 0.1m, 7m, -20m }[random.Next(6)]).ToString(System.Globalization.CultureInfo.InvariantCulture));
            default:
                return JsonNode.Parse(Others[random.Next(Others.Length)]);
        }
    }

    private static void ChangeObject(JsonObject members, Random random)
    {
        var key = members.Count > 0 ? members.ElementAt(random.Next(members.Count)).Key : "a";
        switch (random.Next(4))
        {
            case 0:
                members.Remove(key);
                break;
            case 1:
                members[Keys[random.Next(Keys.Length)]] = JsonNode.Parse(Others[random.Next(Others.Length)]);
                break;
            case 2 when members.Count > 0:
                var value = members[key]?.DeepClone();
                members.Remove(key);
                members[Keys[random.Next(Keys.Length)]] = value;
                break;
            default:
                members[key] = Change(members[key]?.DeepClone(), random);
                break;
        }
    }

    private static void ChangeArray(JsonArray items, Random random)
    {
        var at = random.Next(items.Count + 1);
        switch (random.Next(4))
        {
            case 0 when at < items.Count:
                items.RemoveAt(at);
                break;
            case 1:
                items.Insert(at, JsonNode.Parse(Others[random.Next(Others.Length)]));
                break;
            case 2 when at < items.Count:
                items.Add(items[at]?.DeepClone());
                break;
            default:
                if (at < items.Count)
                {
                    items[at] = Change(items[at]?.DeepClone(), random);
                }

                break;
        }
    }
}
