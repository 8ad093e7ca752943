using System.Text.Json.Nodes;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>Schemas made by chance whose texts have an end in sight.</summary>
internal sealed class GeneratedSchema(int seed)
{
    private static readonly string[] Words = ["name", "größe", "a b", "tag\"s", "x-1", "nested", "π", "list", "\\", "color"];

    private readonly Random _random = new(seed);

    public static string Of(int seed) => new GeneratedSchema(seed).Any(3).ToJsonString();

    private JsonObject Any(int depth) => _random.Next(depth > 0 ? 10 : 6) switch
    {
        0 => new() { ["type"] = "integer", ["minimum"] = -_random.Next(200), ["maximum"] = _random.Next(1, 2000) },
        1 => new() { ["type"] = "string", ["maxLength"] = _random.Next(1, 9), ["minLength"] = _random.Next(2) },
        2 => new() { ["enum"] = new JsonArray("red", 7, JsonValue.Create(false), null, "a\nb", new JsonObject { ["k"] = 1 }) },
        3 => new() { ["type"] = new JsonArray("boolean", "null") },
        4 => new() { ["type"] = "string", ["pattern"] = _random.Next(2) == 0 ? "^[A-Z][a-z]{1,5}-[0-9]+$" : "^(ja|nein)!?$", ["maxLength"] = 12 },
        5 => new() { ["type"] = "number", ["multipleOf"] = 0.25, ["minimum"] = 0, ["exclusiveMaximum"] = 100 },
        6 => new()
        {
            ["type"] = "array", ["items"] = Any(depth - 1), ["prefixItems"] = new JsonArray(Any(0)), ["minItems"] = _random.Next(3), ["maxItems"] = _random.Next(3, 5),
        },
        7 => new() { ["anyOf"] = new JsonArray(Any(depth - 1), Any(depth - 1)) },
        _ => Object(depth),
    };

    private JsonObject Object(int depth)
    {
        var names = Words.OrderBy(_ => _random.Next()).Take(_random.Next(1, 5)).ToArray();
        return new()
        {
            ["type"] = "object",
            ["properties"] = new JsonObject(names.Select(name => KeyValuePair.Create(name, (JsonNode?)Any(depth - 1)))),
            ["required"] = new JsonArray([.. names.Where(_ => _random.Next(2) == 0).Select(name => (JsonNode)name)]),
            ["additionalProperties"] = false,
        };
    }
}
