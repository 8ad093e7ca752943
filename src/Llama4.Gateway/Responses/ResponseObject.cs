using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>A response as it comes to be: its items so far, and its JSON at any time.</summary>
internal sealed class ResponseObject(AnswerHead head, ResponseSettings settings, ChatAnswerFormat format, GatewayOptions options)
{
    private readonly List<ResponseItem> _items = [];
    private bool _isCallCut;

    public string Status { get; private set; } = ResponseItem.InProgress;

    /// <summary>What the status of its last item is, once it has ended.</summary>
    public string ItemStatus => !_isCallCut && Status is "completed" or ResponseItem.InProgress ? "completed" : "incomplete";

    public ChatAnswerFormat Format => format;

    public MessageItem AddMessage() => Add(new MessageItem($"msg_{options.NewId():N}", _items.Count, format));

    public CallItem AddCall(string callId, string name) => Add(new CallItem($"fc_{options.NewId():N}", _items.Count, callId, name));

    public bool IsEmpty => _items.Count == 0;

    /// <summary>The answer has ended well.</summary>
    /// <param name="isCallCut">Inside its last call.</param>
    public void Finish(FinishReason finish, bool isCallCut) =>
        (Status, _isCallCut) = (finish == FinishReason.Length ? "incomplete" : "completed", isCallCut);

    /// <summary>The answer has failed.</summary>
    public void Fail() => Status = "failed";

    /// <param name="usage">Null before the end.</param>
    /// <param name="error">Why it failed.</param>
    public void Write(Utf8JsonWriter json, Usage? usage, ApiError? error = null)
    {
        json.WriteStartObject();
        json.WriteString("id", head.Id);
        json.WriteString("object", "response");
        json.WriteNumber("created_at", head.Created);
        json.WriteString("status", Status);
        WriteCompletedAt(json);
        json.WriteString("model", head.Model);
        WriteError(json, error);
        WriteIncompleteDetails(json);
        json.WriteStartArray("output");
        foreach (var item in Status == ResponseItem.InProgress ? [] : _items)
        {
            item.Write(json, item.Index == _items.Count - 1 ? ItemStatus : "completed");
        }

        json.WriteEndArray();
        settings.Write(json);
        WriteUsage(json, usage);
        json.WriteEndObject();
    }

    private T Add<T>(T item)
        where T : ResponseItem
    {
        _items.Add(item);
        return item;
    }

    private void WriteCompletedAt(Utf8JsonWriter json)
    {
        if (Status == "completed")
        {
            json.WriteNumber("completed_at", options.Clock.GetUtcNow().ToUnixTimeSeconds());
        }
        else
        {
            json.WriteNull("completed_at");
        }
    }

    private static void WriteError(Utf8JsonWriter json, ApiError? error)
    {
        if (error is null)
        {
            json.WriteNull("error");
            return;
        }

        json.WriteStartObject("error");
        json.WriteString("code", "server_error");
        json.WriteString("message", error.Message);
        json.WriteEndObject();
    }

    private void WriteIncompleteDetails(Utf8JsonWriter json)
    {
        if (Status != "incomplete")
        {
            json.WriteNull("incomplete_details");
            return;
        }

        json.WriteStartObject("incomplete_details");
        json.WriteString("reason", "max_output_tokens");
        json.WriteEndObject();
    }

    private static void WriteUsage(Utf8JsonWriter json, Usage? usage)
    {
        if (usage is not { } used)
        {
            json.WriteNull("usage");
            return;
        }

        json.WriteStartObject("usage");
        json.WriteNumber("input_tokens", used.PromptTokens);
        json.WriteStartObject("input_tokens_details");
        json.WriteNumber("cached_tokens", used.CachedTokens);
        json.WriteEndObject();
        json.WriteNumber("output_tokens", used.GeneratedTokens);
        json.WriteStartObject("output_tokens_details");
        json.WriteNumber("reasoning_tokens", 0);
        json.WriteEndObject();
        json.WriteNumber("total_tokens", used.PromptTokens + used.GeneratedTokens);
        json.WriteEndObject();
    }
}
