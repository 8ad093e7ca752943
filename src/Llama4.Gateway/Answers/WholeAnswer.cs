using System.Buffers;
using System.Text;
using System.Text.Json;
using Llama4.Gateway.Live;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Answers;

/// <summary>Gathers the pieces of a request that does not stream and sends them as one JSON body.</summary>
/// <param name="promptLogprobs">How many best ids the answer has for each token of its prompts; null for no prompt_logprobs.</param>
internal sealed class WholeAnswer(IAnswerFormat format, AnswerHead head, int choiceCount, bool logprobs, int? promptLogprobs) : IWholeAnswer
{
    private readonly StringBuilder[] _texts = [.. Enumerable.Range(0, choiceCount).Select(_ => new StringBuilder())];
    private readonly List<LoggedToken>[] _tokens = [.. Enumerable.Range(0, choiceCount).Select(_ => new List<LoggedToken>())];

    private readonly List<int>[] _ids = [.. Enumerable.Range(0, choiceCount).Select(_ => new List<int>())];

    private readonly List<TracedToken> _traced = [];

    private readonly Piece[] _last = new Piece[choiceCount];

    public bool IsFull => false;

    public void Write(Choice choice, Piece piece)
    {
        _texts[choice.Index].Append(piece.Text);
        _tokens[choice.Index].AddRange(piece.Tokens);
        _last[choice.Index] = piece;
        if (choice.PromptIds is not null && piece.Token is { } id)
        {
            _ids[choice.Index].Add(id);
        }

        if (piece.Traced is { } traced)
        {
            _traced.Add(traced);
        }
    }

    public ValueTask FlushAsync() => ValueTask.CompletedTask;

    public async Task SendAsync(HttpResponse response, IReadOnlyList<Choice> choices, CancellationToken cancellation)
    {
        var body = new ArrayBufferWriter<byte>();
        using (var json = new Utf8JsonWriter(body, JsonAnswer.Options))
        {
            WriteBody(json, choices);
        }

        response.ContentType = "application/json";
        response.ContentLength = body.WrittenCount;
        await response.Body.WriteAsync(body.WrittenMemory, cancellation);
    }

    private void WriteBody(Utf8JsonWriter json, IReadOnlyList<Choice> choices)
    {
        json.WriteStartObject();
        json.WriteString("id", head.Id);
        json.WriteString("object", format.WholeObject);
        json.WriteNumber("created", head.Created);
        json.WriteString("model", head.Model);
        json.WriteString("system_fingerprint", head.Fingerprint);
        json.WriteStartArray("choices");
        foreach (var choice in choices)
        {
            json.WriteStartObject();
            json.WriteNumber("index", choice.Index);
            format.WriteText(json, _texts[choice.Index].ToString(), _last[choice.Index].Calls ?? []);
            json.WritePropertyName("logprobs");
            WriteLogprobs(json, choice.Index);
            json.WriteString("finish_reason", _last[choice.Index].FinishName);
            WriteIds(json, choice);
            if (format.HasManyPrompts)
            {
                WritePromptLogprobs(json, choice);
            }

            json.WriteEndObject();
        }

        json.WriteEndArray();
        if (!format.HasManyPrompts)
        {
            WritePromptLogprobs(json, choices[0]);
        }

        if (!format.HasManyPrompts && choices[0].PromptIds is { } prompt)
        {
            TokenIds.Write(json, "prompt_token_ids", prompt);
        }

        if (choices[0].PromptText is { } text)
        {
            json.WriteString("prompt_text", text);
        }

        if (_traced.Count > 0)
        {
            json.WritePropertyName("llama4");
            TracedToken.Write(json, _traced);
        }

        json.WritePropertyName("usage");
        Usage.Of(choices).Write(json);
        json.WriteEndObject();
    }

    private void WritePromptLogprobs(Utf8JsonWriter json, Choice choice)
    {
        if (promptLogprobs is { } top)
        {
            format.WritePromptLogprobs(json, choice.Prompt!, top);
        }
    }

    private void WriteIds(Utf8JsonWriter json, Choice choice)
    {
        if (choice.PromptIds is not { } prompt)
        {
            return;
        }

        if (format.HasManyPrompts)
        {
            TokenIds.Write(json, "prompt_token_ids", prompt);
        }

        TokenIds.Write(json, "token_ids", _ids[choice.Index]);
    }

    private void WriteLogprobs(Utf8JsonWriter json, int index)
    {
        if (logprobs)
        {
            format.WriteLogprobs(json, _tokens[index]);
        }
        else
        {
            json.WriteNullValue();
        }
    }
}
