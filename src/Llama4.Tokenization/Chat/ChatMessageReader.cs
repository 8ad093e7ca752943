using System.Text.Json;
using static Llama4.Tokenization.Chat.ChatJson;

namespace Llama4.Tokenization.Chat;

/// <summary>
/// Reads messages in OpenAI's form. One extension: <c>"stop_reason":"end_of_message"</c> on an assistant message. Properties that do not
/// change the prompt (<c>name</c>, <c>tool_call_id</c>, ...) are not looked at. What an assistant refused with, as another server may have told it, is what it said.
/// </summary>
/// <remarks>
/// Messages as templates are given them may also have bare <c>{"type":"image"}</c> parts, and an empty list of calls stays one: on the wire
/// it is what clients write for none.
/// </remarks>
public static class ChatMessageReader
{
    /// <summary>Reads the array <paramref name="messages"/>, which may be empty; the result does not depend on its document.</summary>
    /// <param name="messages">The array.</param>
    /// <param name="asForTemplates">Whether messages have the form that templates are given, and not only the wire's.</param>
    /// <param name="param">Its name, for errors.</param>
    /// <exception cref="ChatRequestException">Something is not of the form; it says where.</exception>
    public static IReadOnlyList<ChatMessage> Read(JsonElement messages, bool asForTemplates = false, string param = "messages")
    {
        if (messages.ValueKind != JsonValueKind.Array)
        {
            throw new ChatRequestException($"Expected a list of messages, found {Shown(messages)}.", param);
        }

        return [.. messages.EnumerateArray().Select((message, i) => ReadMessage(message, asForTemplates, $"{param}[{i}]"))];
    }

    private static ChatMessage ReadMessage(JsonElement message, bool asForTemplates, string param)
    {
        if (message.ValueKind != JsonValueKind.Object)
        {
            throw new ChatRequestException($"Expected a message, an object, found {Shown(message)}.", param);
        }

        var role = ReadRole(message, $"{param}.role");
        var calls = ReadToolCalls(message, role, $"{param}.tool_calls");
        var given = Optional(message, "content") ?? (role == ChatRole.Assistant ? Optional(message, "refusal") : null);
        var content = ReadContent(given, role, isOptional: calls is { Count: > 0 }, asForTemplates, $"{param}.content");
        var stopReason = Optional(message, "stop_reason") is { } reason ? Text(reason, $"{param}.stop_reason") : null;
        return new ChatMessage(role, content)
        {
            ToolCalls = calls is { Count: 0 } && !asForTemplates ? null : calls,
            HasParts = given is { ValueKind: JsonValueKind.Array },
            EndsMessageOnly = stopReason == "end_of_message",
        };
    }

    private static ChatRole ReadRole(JsonElement message, string param) => Text(Required(message, "role", param), param) switch
    {
        "system" or "developer" => ChatRole.System,
        "user" => ChatRole.User,
        "assistant" => ChatRole.Assistant,
        "tool" or "ipython" => ChatRole.Tool, // the second is what headers and some templates call it
        var other => throw new ChatRequestException($"Expected the role system, developer, user, assistant or tool, found \"{other}\".", param),
    };

    private static IReadOnlyList<ContentPart> ReadContent(JsonElement? content, ChatRole role, bool isOptional, bool asForTemplates, string param)
    {
        switch (content)
        {
            case null when isOptional:
                return [];
            case { ValueKind: JsonValueKind.String } text:
                return [new TextPart(Text(text, param))];
            case { ValueKind: JsonValueKind.Array } parts:
                return [.. parts.EnumerateArray().Select((part, i) => ReadPart(part, role, asForTemplates, $"{param}[{i}]"))];
            default:
                throw new ChatRequestException($"Expected a string or a list of parts, found {(content is { } found ? Shown(found) : "nothing")}.", param);
        }
    }

    private static ContentPart ReadPart(JsonElement part, ChatRole role, bool asForTemplates, string param)
    {
        var type = Text(Required(part, "type", $"{param}.type"), $"{param}.type");
        switch (type)
        {
            case "text":
                return new TextPart(Text(Required(part, "text", $"{param}.text"), $"{param}.text"));
            case "refusal" when role == ChatRole.Assistant:
                return new TextPart(Text(Required(part, "refusal", $"{param}.refusal"), $"{param}.refusal"));
            case "image_url":
                var image = Required(part, "image_url", $"{param}.image_url");
                var url = $"{param}.image_url.url";
                // The address alone is the short form that vLLM has.
                return new ImagePart(image.ValueKind == JsonValueKind.String ? Text(image, $"{param}.image_url") : Text(Required(image, "url", url), url));
            case "image" when asForTemplates:
                return new ImagePart(Url: null);
            default:
                throw new ChatRequestException($"Expected a part of type text or image_url, found \"{type}\".", $"{param}.type");
        }
    }

    private static IReadOnlyList<ToolCall>? ReadToolCalls(JsonElement message, ChatRole role, string param)
    {
        if (Optional(message, "tool_calls") is not { } calls)
        {
            return null;
        }

        if (role != ChatRole.Assistant || calls.ValueKind != JsonValueKind.Array)
        {
            throw new ChatRequestException($"Expected a list of calls, on an assistant message only, found {Shown(calls)}.", param);
        }

        return [.. calls.EnumerateArray().Select((call, i) => ReadToolCall(call, $"{param}[{i}]"))];
    }

    private static ToolCall ReadToolCall(JsonElement call, string param)
    {
        var function = Required(call, "function", $"{param}.function");
        var name = Text(Required(function, "name", $"{param}.function.name"), $"{param}.function.name");
        var argumentsParam = $"{param}.function.arguments";
        var given = Required(function, "arguments", argumentsParam);
        var arguments = given.ValueKind == JsonValueKind.Object ? given.Clone() : Parsed(Text(given, argumentsParam), argumentsParam);
        CheckText(arguments, argumentsParam);
        return new ToolCall(name, arguments);
    }

    /// <summary>
    /// The wire has arguments as JSON in a string; none at all count as an empty object. What only begins as an object stays a string: a client
    /// sends back what it got, and a call that max_tokens cut ends anywhere.
    /// </summary>
    private static JsonElement Parsed(string arguments, string param)
    {
        try
        {
            using var json = JsonDocument.Parse(string.IsNullOrWhiteSpace(arguments) ? "{}" : arguments);
            return json.RootElement.ValueKind == JsonValueKind.Object
                ? json.RootElement.Clone()
                : throw new ChatRequestException($"Expected a JSON object as the arguments, found {Shown(json.RootElement)}.", param);
        }
        catch (JsonException)
        {
            var text = JsonSerializer.SerializeToElement(arguments);
            return arguments.TrimStart().StartsWith('{')
                ? text
                : throw new ChatRequestException($"Expected a JSON object as the arguments, found the string {Shown(text)}.", param);
        }
    }
}
