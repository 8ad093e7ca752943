using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Llama4.Client.Chat;

/// <summary>Messages in OpenAI's form.</summary>
internal static class ChatMessages
{
    /// <param name="instructions">A system message before them; null for none.</param>
    /// <exception cref="NotSupportedException">There is a content that this API has no form for.</exception>
    public static JsonArray Of(IEnumerable<ChatMessage> messages, string? instructions)
    {
        var all = new JsonArray();
        if (!string.IsNullOrEmpty(instructions))
        {
            all.Add(new JsonObject { ["role"] = "system", ["content"] = instructions });
        }

        foreach (var message in messages)
        {
            Add(all, message);
        }

        return all;
    }

    /// <summary>Results are messages of their own, one for each call.</summary>
    private static void Add(JsonArray all, ChatMessage message)
    {
        var parts = new JsonArray();
        var calls = new JsonArray();
        var results = 0;
        foreach (var content in message.Contents)
        {
            switch (content)
            {
                case TextContent text:
                    parts.Add(new JsonObject { ["type"] = "text", ["text"] = text.Text });
                    break;
                case DataContent data when data.HasTopLevelMediaType("image"):
                    parts.Add(Picture(data.Uri));
                    break;
                case UriContent uri when uri.HasTopLevelMediaType("image"):
                    parts.Add(Picture(uri.Uri.AbsoluteUri));
                    break;
                case FunctionCallContent call:
                    calls.Add(Call(call));
                    break;
                case FunctionResultContent result:
                    all.Add(new JsonObject { ["role"] = "tool", ["tool_call_id"] = result.CallId, ["content"] = Text(result) });
                    results++;
                    break;
                case UsageContent or TextReasoningContent:
                    break; // what an answer said of itself
                default:
                    throw new NotSupportedException(
                        $"a message of the {message.Role} has a {content.GetType().Name}{(content is DataContent other ? $" of {other.MediaType}" : "")}: text, pictures, calls and results are supported");
            }
        }

        if (results == 0 || parts.Count > 0 || calls.Count > 0)
        {
            all.Add(Message(message, parts, calls));
        }
    }

    private static JsonObject Message(ChatMessage message, JsonArray parts, JsonArray calls)
    {
        var json = new JsonObject { ["role"] = message.Role.Value, ["content"] = Content(parts) };
        if (message.AuthorName is { } name)
        {
            json["name"] = name;
        }

        if (calls.Count > 0)
        {
            json["tool_calls"] = calls;
        }

        return json;
    }

    /// <summary>One text, or none, as a string: templates may tell it from a list.</summary>
    private static JsonNode Content(JsonArray parts) => parts.Count switch
    {
        0 => "",
        1 when parts[0]!["text"] is { } text => text.DeepClone(),
        _ => parts,
    };

    private static JsonObject Picture(string url) => new() { ["type"] = "image_url", ["image_url"] = new JsonObject { ["url"] = url } };

    private static JsonObject Call(FunctionCallContent call) => new()
    {
        ["id"] = call.CallId,
        ["type"] = "function",
        ["function"] = new JsonObject { ["name"] = call.Name, ["arguments"] = JsonSerializer.Serialize(call.Arguments ?? new Dictionary<string, object?>(), ChatJson.Options) },
    };

    private static string Text(FunctionResultContent result) => result switch
    {
        { Exception: { } error } => $"Error: {error.Message}",
        { Result: null } => "",
        { Result: string text } => text,
        { Result: JsonElement { ValueKind: JsonValueKind.String } text } => text.GetString()!,
        _ => JsonSerializer.Serialize(result.Result, ChatJson.Options),
    };
}
