using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Work;

/// <summary>Sentences to be answered as JSON of a schema (<c>response_format</c>); right is an answer with the sentence's own values and nothing else.</summary>
internal sealed record StructuredPart : Part
{
    private static readonly string[] Names = ["Peter", "Clara", "Simon", "Laura", "Rosa", "Anna", "Emma", "Oscar", "Felix"];

    public int MaxTokens { get; init; } = 64;

    [JsonIgnore]
    public override string Kind => "structured";

    public override string? Mistake() => new LengthRange(MaxTokens, MaxTokens).Mistake("max_tokens");

    public override Session Make(Draws draws, ulong seed)
    {
        var (name, age) = (draws.Of(Names), 18 + draws.Below(60));
        var fields = Fields.DeepClone().AsObject();
        fields["response_format"] = Format();
        return new Session(
            Label, null, [new Turn($"Give this as JSON with keys name, age: {name} is {age} years old.", MaxTokens, answer => IsRight(answer, name, age))], fields);
    }

    private static JsonObject Format() => new()
    {
        ["type"] = "json_schema",
        ["json_schema"] = new JsonObject
        {
            ["name"] = "person",
            ["strict"] = true,
            ["schema"] = new JsonObject
            {
                ["type"] = "object",
                ["properties"] = new JsonObject { ["name"] = new JsonObject { ["type"] = "string" }, ["age"] = new JsonObject { ["type"] = "integer" } },
                ["required"] = new JsonArray("name", "age"),
                ["additionalProperties"] = false,
            },
        },
    };

    private static bool IsRight(string answer, string name, int age)
    {
        try
        {
            return JsonNode.DeepEquals(JsonNode.Parse(answer), new JsonObject { ["name"] = name, ["age"] = age });
        }
        catch (JsonException)
        {
            return false; // no JSON is a wrong answer
        }
    }
}
