using System.Text;
using System.Text.Json;
using Llama4.Gateway.Answers;

namespace Llama4.Gateway.Responses;

/// <summary>One item of a response's output.</summary>
/// <param name="Id">Of the item.</param>
/// <param name="Index">Its place in the output.</param>
internal abstract record ResponseItem(string Id, int Index)
{
    public const string InProgress = "in_progress";

    /// <param name="status">in_progress, completed or incomplete.</param>
    public abstract void Write(Utf8JsonWriter json, string status);
}

/// <summary>Text that the model says.</summary>
internal sealed record MessageItem(string Id, int Index, ChatAnswerFormat Format) : ResponseItem(Id, Index)
{
    public StringBuilder Text { get; } = new();

    public List<LoggedToken> Tokens { get; } = [];

    public override void Write(Utf8JsonWriter json, string status)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteString("type", "message");
        json.WriteString("status", status);
        json.WriteString("role", "assistant");
        json.WriteStartArray("content");
        if (status != InProgress)
        {
            WritePart(json);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    /// <summary>The one part of its content, as far as it has come.</summary>
    public void WritePart(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", "output_text");
        json.WriteString("text", Text.ToString());
        json.WriteStartArray("annotations");
        json.WriteEndArray();
        json.WritePropertyName("logprobs");
        Format.WriteTokens(json, Tokens);
        json.WriteEndObject();
    }
}

/// <summary>A call that the model makes.</summary>
/// <param name="CallId">What its result refers to.</param>
internal sealed record CallItem(string Id, int Index, string CallId, string Name) : ResponseItem(Id, Index)
{
    /// <summary>A JSON object as far as it has come.</summary>
    public StringBuilder Arguments { get; } = new();

    public override void Write(Utf8JsonWriter json, string status)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteString("type", "function_call");
        json.WriteString("status", status);
        json.WriteString("call_id", CallId);
        json.WriteString("name", Name);
        json.WriteString("arguments", status == InProgress ? "" : Arguments.ToString());
        json.WriteEndObject();
    }
}
