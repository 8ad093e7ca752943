using System.Text.Json;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Answers;

/// <summary>The JSON of text_completion, whole and streamed.</summary>
internal sealed class TextAnswerFormat(TokenNames names) : IAnswerFormat
{
    private readonly Lazy<TextAnswerFormat> _asIds = new(() => new TextAnswerFormat(names.AsIds));

    /// <summary>The format for a request: its log-probabilities may want tokens named by their ids.</summary>
    public TextAnswerFormat For(GenerationFields fields) => fields.NamesTokensByIds ? _asIds.Value : this;

    public string IdPrefix => "cmpl-";

    public string WholeObject => "text_completion";

    public string ChunkObject => "text_completion";

    public bool HasManyPrompts => true;

    public ReadOnlySpan<byte> OpeningMember => default;

    public ReadOnlySpan<byte> BeforeText => "\"text\":"u8;

    public ReadOnlySpan<byte> AfterText => default;

    public ReadOnlySpan<byte> EmptyMember => "\"text\":\"\""u8;

    public void WriteText(Utf8JsonWriter json, string text, IReadOnlyList<CalledTool> calls) => json.WriteString("text", text);

    public void WritePromptLogprobs(Utf8JsonWriter json, PromptReport prompt, int top) => PromptLogprobsJson.Write(json, names, prompt, top);

    /// <summary>
    /// Four arrays of one length. top_logprobs has the chosen token too, as OpenAI's has; text_offset counts from the text's first character. A prompt's first token has no
    /// log-probability.
    /// </summary>
    public void WriteLogprobs(Utf8JsonWriter json, IReadOnlyList<LoggedToken> tokens)
    {
        json.WriteStartObject();
        WriteArray(json, "tokens", tokens, (writer, token) => writer.WriteStringValue(names.Text(token.Chunk.Token!.Value)));
        WriteArray(json, "token_logprobs", tokens, WriteLogprob);
        WriteArray(json, "top_logprobs", tokens, WriteTop);
        WriteArray(json, "text_offset", tokens, (writer, token) => writer.WriteNumberValue(token.TextOffset));
        json.WriteEndObject();
    }

    private static void WriteArray(Utf8JsonWriter json, string name, IReadOnlyList<LoggedToken> tokens, Action<Utf8JsonWriter, LoggedToken> write)
    {
        json.WriteStartArray(name);
        foreach (var token in tokens)
        {
            write(json, token);
        }

        json.WriteEndArray();
    }

    private static void WriteLogprob(Utf8JsonWriter json, LoggedToken token)
    {
        if (token.Chunk.Logprob is { } logprob)
        {
            json.WriteNumberValue(TokenNames.Finite(logprob));
        }
        else
        {
            json.WriteNullValue();
        }
    }

    private void WriteTop(Utf8JsonWriter json, LoggedToken token)
    {
        if (token.Chunk.Logprob is not { } logprob)
        {
            json.WriteNullValue();
            return;
        }

        // Keys are texts: of tokens that look alike (halves of characters) the most probable one stays.
        var written = new HashSet<string>();
        json.WriteStartObject();
        foreach (var top in token.Chunk.TopLogprobs ?? [])
        {
            var text = names.Text(top.Id);
            if (written.Add(text))
            {
                json.WriteNumber(text, TokenNames.Finite(top.Logprob));
            }
        }

        var chosen = names.Text(token.Chunk.Token!.Value);
        if (written.Add(chosen))
        {
            json.WriteNumber(chosen, TokenNames.Finite(logprob));
        }

        json.WriteEndObject();
    }
}
