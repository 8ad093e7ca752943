using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.AI;

namespace Llama4.Client.Chat;

/// <summary>A chat as the body of an OpenAI chat completion.</summary>
internal static class ChatBody
{
    /// <summary>What is written here, or makes no sense here: one answer, in pieces.</summary>
    private static readonly string[] Reserved = ["messages", "model", "stream", "stream_options"];

    /// <param name="model">Of requests that name none.</param>
    /// <param name="seed">Of requests that give none.</param>
    /// <returns>UTF-8 JSON.</returns>
    /// <exception cref="NotSupportedException">It holds something that this API has no form for.</exception>
    public static byte[] Of(IEnumerable<ChatMessage> messages, ChatOptions? options, string model, long seed)
    {
        var body = new JsonObject { ["model"] = options?.ModelId ?? model, ["messages"] = ChatMessages.Of(messages, options?.Instructions), ["seed"] = options?.Seed ?? seed };
        if (options is not null)
        {
            Add(body, options);
        }

        return JsonSerializer.SerializeToUtf8Bytes(body, ChatJson.Options);
    }

    private static void Add(JsonObject body, ChatOptions options)
    {
        if (options.ConversationId is not null || options.ContinuationToken is not null)
        {
            throw new NotSupportedException("ConversationId and ContinuationToken are not supported: the cluster keeps no conversations, send all messages");
        }

        Set(body, "temperature", Number("Temperature", options.Temperature));
        Set(body, "top_p", Number("TopP", options.TopP));
        Set(body, "top_k", options.TopK);
        Set(body, "frequency_penalty", Number("FrequencyPenalty", options.FrequencyPenalty));
        Set(body, "presence_penalty", Number("PresencePenalty", options.PresencePenalty));
        Set(body, "max_completion_tokens", options.MaxOutputTokens);
        Set(body, "stop", options.StopSequences is { Count: > 0 } stops ? new JsonArray([.. stops.Select(stop => (JsonNode)stop)]) : null);
        Set(body, "response_format", FormatOf(options.ResponseFormat, options));
        AddTools(body, options);
        foreach (var (name, value) in options.AdditionalProperties ?? [])
        {
            if (Reserved.Contains(name))
            {
                throw new NotSupportedException($"'{name}' is not supported in AdditionalProperties: it is written by the client");
            }

            if (name != "strict")
            {
                body[name] = JsonSerializer.SerializeToNode(value, ChatJson.Options);
            }
        }
    }

    private static void AddTools(JsonObject body, ChatOptions options)
    {
        if (options.Tools is not { Count: > 0 } tools)
        {
            return;
        }

        body["tools"] = new JsonArray([.. tools.Select(ToolOf)]);
        Set(body, "parallel_tool_calls", options.AllowMultipleToolCalls);
        Set(body, "tool_choice", options.ToolMode switch
        {
            null => null,
            NoneChatToolMode => "none",
            AutoChatToolMode => "auto",
            RequiredChatToolMode { RequiredFunctionName: { } name } => new JsonObject { ["type"] = "function", ["function"] = new JsonObject { ["name"] = name } },
            RequiredChatToolMode => "required",
            var other => throw new NotSupportedException($"tool mode {other.GetType().Name} is not supported"),
        });
    }

    private static JsonObject ToolOf(AITool tool)
    {
        if (tool is not AIFunctionDeclaration function)
        {
            throw new NotSupportedException($"tool {tool.Name} is a {tool.GetType().Name}: only functions are supported");
        }

        var definition = new JsonObject { ["name"] = function.Name, ["description"] = function.Description, ["parameters"] = JsonNode.Parse(function.JsonSchema.GetRawText()) };
        Set(definition, "strict", IsStrict(function.AdditionalProperties));
        return new JsonObject { ["type"] = "function", ["function"] = definition };
    }

    /// <summary>A schema is kept to unless the options say "strict": false, as the OpenAI adapter has it.</summary>
    private static JsonObject? FormatOf(ChatResponseFormat? format, ChatOptions options) => format switch
    {
        null => null,
        ChatResponseFormatText => new JsonObject { ["type"] = "text" },
        ChatResponseFormatJson { Schema: { } schema } json => new JsonObject
        {
            ["type"] = "json_schema",
            ["json_schema"] = new JsonObject
            {
                ["name"] = json.SchemaName ?? "answer",
                ["description"] = json.SchemaDescription,
                ["schema"] = JsonNode.Parse(schema.GetRawText()),
                ["strict"] = IsStrict(options.AdditionalProperties) ?? true,
            },
        },
        ChatResponseFormatJson => new JsonObject { ["type"] = "json_object" },
        _ => throw new NotSupportedException($"response format {format.GetType().Name} is not supported"),
    };

    private static bool? IsStrict(IReadOnlyDictionary<string, object?>? properties) =>
        properties is not null && properties.TryGetValue("strict", out var strict) && strict is bool value ? value : null;

    /// <summary>0.7f is meant as 0.7, not as its 24 bits written in 53.</summary>
    private static JsonNode? Number(string option, float? value) => value switch
    {
        null => null,
        { } number when float.IsFinite(number) => JsonNode.Parse(number.ToString(CultureInfo.InvariantCulture)),
        _ => throw new NotSupportedException($"{option} is {value}: JSON has finite numbers only"),
    };

    private static void Set(JsonObject json, string name, JsonNode? value)
    {
        if (value is not null)
        {
            json[name] = value;
        }
    }
}
