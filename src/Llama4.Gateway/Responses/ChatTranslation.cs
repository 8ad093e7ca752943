using System.Text.Json;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Requests.Fields;
using Llama4.Structured;

namespace Llama4.Gateway.Responses;

/// <summary>A request to /v1/responses as the chat request that it means.</summary>
internal sealed class ChatTranslation
{
    private readonly RequestFields _fields;
    private readonly IReadOnlyList<ChatTurn> _turns;

    private ChatTranslation(RequestFields fields, IReadOnlyList<ChatTurn> turns)
    {
        _fields = fields;
        _turns = turns;
        Names = new ResponseNames(fields, turns);
    }

    /// <summary>What the fields of the chat request are called in the one that was sent.</summary>
    public ResponseNames Names { get; }

    /// <exception cref="ApiError">The input is missing, or an item of it is of no kind that is known.</exception>
    public static ChatTranslation Of(RequestFields fields)
    {
        var turns = InputItems.Read(fields.Find("input") ?? throw ApiError.Missing("input"));
        if (fields.Text("instructions") is { } instructions)
        {
            turns.Insert(0, ChatTurn.Of("system", instructions, "instructions"));
        }

        return new ChatTranslation(fields, turns);
    }

    /// <summary>The chat request; the caller disposes it.</summary>
    /// <exception cref="ApiError">A field is not of the form that it has here.</exception>
    public JsonDocument ToJson()
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            json.WriteStartObject();
            Write(json);
            json.WriteEndObject();
        }

        return JsonDocument.Parse(body.GetBuffer().AsMemory(0, (int)body.Length), JsonNesting.Documents);
    }

    private void Write(Utf8JsonWriter json)
    {
        foreach (var name in ApiFields.ChatFieldsOfResponses.Where(name => name is not ("max_completion_tokens" or "response_format")))
        {
            WriteRaw(json, name, _fields.Find(name));
        }

        WriteRaw(json, "max_completion_tokens", _fields.Find("max_output_tokens") ?? _fields.Find("max_completion_tokens"));
        WriteLogprobs(json);
        ToolTranslation.Write(json, _fields);
        FormatTranslation.Write(json, _fields);
        json.WriteStartArray("messages");
        foreach (var turn in _turns)
        {
            turn.Write(json);
        }

        json.WriteEndArray();
    }

    private void WriteLogprobs(Utf8JsonWriter json)
    {
        var (top, included, asked) = (_fields.Find("top_logprobs"), IncludedOutputs.Read(_fields).Logprobs, _fields.Flag("logprobs"));
        if (included || asked || top is not null)
        {
            json.WriteBoolean("logprobs", true);
            WriteRaw(json, "top_logprobs", top);
        }
    }

    /// <summary>Copies a value as it was written: what is no text in it is found by who reads it.</summary>
    internal static void WriteRaw(Utf8JsonWriter json, string name, JsonElement? value)
    {
        if (value is { } given)
        {
            json.WritePropertyName(name);
            json.WriteRawValue(given.GetRawText(), skipInputValidation: true);
        }
    }
}
