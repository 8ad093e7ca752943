using System.Text.Json;
using System.Text.Json.Nodes;
using Llama4.LoadTest.Scenarios;
using Llama4.LoadTest.Work;

namespace Llama4.LoadTest.Client;

/// <summary>The body of a request: OpenAI's fields, and those that the scenario adds.</summary>
internal static class ChatBody
{
    /// <param name="messages">The dialog so far, this turn's question last.</param>
    public static byte[] Write(string model, Scenario scenario, Session session, JsonArray messages, int maxTokens)
    {
        var body = new JsonObject
        {
            ["model"] = model,
            ["messages"] = messages.DeepClone(),
            ["max_tokens"] = maxTokens,
            ["temperature"] = scenario.Temperature,
            ["stream"] = true,
            ["stream_options"] = new JsonObject { ["include_usage"] = true },
        };
        foreach (var (name, value) in scenario.Fields.Concat(session.Fields))
        {
            body[name] = value?.DeepClone();
        }

        return JsonSerializer.SerializeToUtf8Bytes(body);
    }

    public static JsonObject Message(string role, JsonNode content) => new() { ["role"] = role, ["content"] = content.DeepClone() };
}
