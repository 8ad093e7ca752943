using System.Text.Json.Nodes;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Chat;

/// <summary>Messages in OpenAI's form, as <see cref="ChatMessageReader"/> reads them.</summary>
internal static class ChatJsonWriter
{
    public static JsonArray Messages(IEnumerable<ChatMessage> messages)
    {
        var calls = 0;
        return [.. messages.Select(message => Message(message, ref calls))];
    }

    /// <param name="calls">Calls so far: servers want an id with each, and the results of calls follow these in order.</param>
    private static JsonObject Message(ChatMessage message, ref int calls)
    {
        var json = new JsonObject { ["role"] = message.Role.ToString().ToLowerInvariant(), ["content"] = Content(message.Content) };
        if (message.HasCalls)
        {
            var first = calls;
            json["tool_calls"] = new JsonArray([.. message.ToolCalls!.Select((call, i) => (JsonNode)new JsonObject
            {
                ["id"] = $"call_{first + i}",
                ["type"] = "function",
                ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = call.ArgumentsText },
            })]);
        }
        else if (message.Role == ChatRole.Tool)
        {
            json["tool_call_id"] = $"call_{calls++}";
        }

        return json;
    }

    private static JsonNode Content(IReadOnlyList<ContentPart> content) => content switch
    {
        [] => "",
        [TextPart text] => text.Text,
        _ => new JsonArray([.. content.Select(Part)]),
    };

    private static JsonNode Part(ContentPart part) => part switch
    {
        TextPart text => new JsonObject { ["type"] = "text", ["text"] = text.Text },
        ImagePart image => new JsonObject { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = image.Url } },
        _ => throw new InvalidOperationException($"no part of a message: {part}"),
    };
}
