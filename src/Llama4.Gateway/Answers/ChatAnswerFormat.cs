using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Answers;

/// <summary>The JSON of chat.completion and chat.completion.chunk.</summary>
internal sealed class ChatAnswerFormat(TokenNames names) : IAnswerFormat
{
    private readonly Lazy<ChatAnswerFormat> _asIds = new(() => new ChatAnswerFormat(names.AsIds));

    /// <summary>The format for a request: its log-probabilities may want tokens named by their ids.</summary>
    public ChatAnswerFormat For(GenerationFields fields) => fields.NamesTokensByIds ? _asIds.Value : this;

    public string IdPrefix => "chatcmpl-";

    public string WholeObject => "chat.completion";

    public string ChunkObject => "chat.completion.chunk";

    public bool HasManyPrompts => false;

    public ReadOnlySpan<byte> OpeningMember => "\"delta\":{\"role\":\"assistant\",\"content\":\"\",\"refusal\":null}"u8;

    public ReadOnlySpan<byte> BeforeText => "\"delta\":{\"content\":"u8;

    public ReadOnlySpan<byte> AfterText => "}"u8;

    public ReadOnlySpan<byte> EmptyMember => "\"delta\":{}"u8;

    /// <summary>Calls that stand alone have null as their content.</summary>
    public void WriteText(Utf8JsonWriter json, string text, IReadOnlyList<CalledTool> calls)
    {
        json.WriteStartObject("message");
        json.WriteString("role", "assistant");
        json.WriteString("content", calls.Count > 0 && text.Length == 0 ? null : text);
        json.WriteNull("refusal");
        if (calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in calls)
            {
                call.Write(json);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }

    public void WritePromptLogprobs(Utf8JsonWriter json, PromptReport prompt, int top) => PromptLogprobsJson.Write(json, names, prompt, top);

    public void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<LoggedToken> tokens)
    {
        json.WriteStartObject();
        json.WritePropertyName("content");
        WriteTokens(json, tokens);
        json.WriteNull("refusal");
        json.WriteEndObject();
    }

    /// <summary>Tokens with their log-probabilities, as an array.</summary>
    public void WriteTokens(Utf8JsonWriter json, IReadOnlyList<LoggedToken> tokens)
    {
        json.WriteStartArray();
        foreach (var token in tokens)
        {
            WriteToken(json, token.Chunk);
        }

        json.WriteEndArray();
    }

    private void WriteToken(Utf8JsonWriter json, TokenChunk chunk)
    {
        json.WriteStartObject();
        WriteLogprob(json, chunk.Token!.Value, chunk.Logprob ?? double.NegativeInfinity);
        json.WriteStartArray("top_logprobs");
        foreach (var top in chunk.TopLogprobs ?? [])
        {
            json.WriteStartObject();
            WriteLogprob(json, top.Id, top.Logprob);
            json.WriteEndObject();
        }

        json.WriteEndArray();
        json.WriteEndObject();
    }

    private void WriteLogprob(Utf8JsonWriter json, int id, double logprob)
    {
        json.WriteString("token", names.Text(id));
        json.WriteNumber("logprob", TokenNames.Finite(logprob));
        names.WriteBytes(json, id);
    }
}
