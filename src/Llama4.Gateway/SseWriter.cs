using System.Buffers.Text;
using System.Text;
using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Live;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway;

/// <summary>
/// Step 10: writes an answer as server-sent events, each token an event of its own, and ends it with a finish or an error.
/// Bytes go straight into the connection's pooled buffers; what all chunks of a choice share is built once.
/// </summary>
internal sealed class SseWriter : IAnswerStream
{
    private readonly SseConnection _connection;
    private readonly IAnswerFormat _format;
    private readonly bool _logprobs;
    private readonly StreamUsage _usage;
    private readonly byte[] _beforeIndex;
    private readonly byte[] _afterChoices;

    // Ids that the next event of each choice takes along, where they are asked for: those of tokens whose text is held back wait here.
    private List<int>[] _ids = [];
    private bool[] _hasBegun = [];

    // Paths that the next event takes along: that of a token whose text is held back waits here.
    private readonly List<TracedToken> _traced = [];

    private static ReadOnlySpan<byte> OfPrompt => ",\"prompt_token_ids\":"u8;

    public SseWriter(HttpContext http, IAnswerFormat format, AnswerHead head, bool logprobs, StreamUsage usage, TimeSpan stalledReaderLimit)
    {
        _connection = new SseConnection(http, stalledReaderLimit);
        _format = format;
        _logprobs = logprobs;
        _usage = usage;
        _beforeIndex = Encoding.UTF8.GetBytes(
            $$"""data: {"id":"{{head.Id}}","object":"{{format.ChunkObject}}","created":{{head.Created}}"""
            + $$""","model":"{{JsonEncodedText.Encode(head.Model)}}","system_fingerprint":"{{head.Fingerprint}}","choices":[""");

        // Where usage is told at all every chunk has the member, null in all but the last unless it is told continuously.
        _afterChoices = Encoding.UTF8.GetBytes((usage == StreamUsage.AtEnd ? ",\"usage\":null" : "") + "}\n\n");
    }

    public bool IsFull => _connection.IsFull;

    /// <summary>Sends the headers and, in chat, each choice's role. From here on an error can only be an event.</summary>
    public void Start(IReadOnlyList<Choice> choices)
    {
        _connection.Open();
        _ids = [.. choices.Select(_ => new List<int>())];
        _hasBegun = new bool[choices.Count];
        foreach (var choice in choices)
        {
            if (!_format.OpeningMember.IsEmpty)
            {
                WriteIndex(choice.Index);
                Put(_format.OpeningMember);
                WritePlainEnd(choice);
            }
        }
    }

    public void Write(Choice choice, Piece piece)
    {
        if (piece.Traced is { } traced)
        {
            _traced.Add(traced);
        }

        if (choice.PromptIds is not null && piece.Token is { } id)
        {
            _ids[choice.Index].Add(id);
        }

        if (piece.Text.Length > 0 || piece.Tokens.Count > 0)
        {
            WriteIndex(choice.Index);
            Put(_format.BeforeText);
            WriteJson(piece.Text, static (json, text) => json.WriteStringValue(text));
            Put(_format.AfterText);
            WriteEnd(choice, piece.Tokens, finish: null);
        }

        foreach (var call in piece.CallPieces ?? [])
        {
            WriteIndex(choice.Index);
            Put("\"delta\":{\"tool_calls\":["u8);
            WriteJson(call, static (json, value) => value.Write(json));
            Put("]}"u8);
            WritePlainEnd(choice);
        }

        if (piece.Finish is not null)
        {
            WriteIndex(choice.Index);
            Put(_format.EmptyMember);
            WriteEnd(choice, [], piece.FinishName);
        }
    }

    /// <summary>The chunk of the usage, where stream_options.include_usage asks for it, and [DONE].</summary>
    public void End(IReadOnlyList<Choice> choices)
    {
        if (_usage != StreamUsage.None)
        {
            Put(_beforeIndex);
            Put("],\"usage\":"u8);
            _connection.PutJson(Usage.Of(choices), static (json, usage) => usage.Write(json));
            Put("}\n\n"u8);
        }

        Put("data: [DONE]\n\n"u8);
    }

    /// <summary>An error in mid-stream: the last event of the stream, in place of [DONE].</summary>
    public void WriteError(ApiError error)
    {
        Put("data: "u8);
        Put(ErrorBody.Bytes(error));
        Put("\n\n"u8);
    }

    public ValueTask FlushAsync() => _connection.FlushAsync();

    public void Dispose() => _connection.Dispose();

    private void WriteIndex(int index)
    {
        Put(_beforeIndex);
        Put("{\"index\":"u8);
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(index, digits, out var length);
        Put(digits[..length]);
        Put(","u8);
    }

    private void WriteEnd(Choice choice, IReadOnlyList<LoggedToken> tokens, string? finish)
    {
        if (finish is null && !_logprobs && _traced.Count == 0)
        {
            WritePlainEnd(choice);
            return;
        }

        Put(",\"logprobs\":"u8);
        if (_logprobs && finish is null)
        {
            WriteJson((_format, tokens), static (json, value) => value._format.WriteLogprobs(json, value.tokens));
        }
        else
        {
            Put("null"u8);
        }

        Put(",\"finish_reason\":"u8);
        WriteJson(finish, static (json, value) => json.WriteStringValue(value));
        WriteIdsAndEnd(choice);
        if (_traced.Count > 0)
        {
            Put(",\"llama4\":"u8);
            WriteJson(_traced, static (json, value) => TracedToken.Write(json, value));
            _traced.Clear();
        }

        WriteAfterChoices(choice);
    }

    private void WritePlainEnd(Choice choice)
    {
        Put(""","logprobs":null,"finish_reason":null"""u8);
        WriteIdsAndEnd(choice);
        WriteAfterChoices(choice);
    }

    /// <summary>The choice's end, with the ids that it has not given yet; those of its prompt, and its text, go with its first event.</summary>
    private void WriteIdsAndEnd(Choice choice)
    {
        if (_ids[choice.Index] is { Count: > 0 } ids)
        {
            WriteIds(",\"token_ids\":"u8, ids);
            ids.Clear();
        }

        var (prompt, text) = _hasBegun[choice.Index] ? (null, null) : (choice.PromptIds, choice.PromptText);
        _hasBegun[choice.Index] = true;
        if (prompt is not null && _format.HasManyPrompts)
        {
            WriteIds(OfPrompt, prompt);
        }

        Put("}]"u8);
        if (prompt is not null && !_format.HasManyPrompts)
        {
            WriteIds(OfPrompt, prompt);
        }

        if (text is not null)
        {
            Put(",\"prompt_text\":"u8);
            WriteJson(text, static (json, value) => json.WriteStringValue(value));
        }
    }

    private void WriteIds(ReadOnlySpan<byte> member, IReadOnlyList<int> ids)
    {
        Put(member);
        WriteJson(ids, TokenIds.Write);
    }

    private void WriteAfterChoices(Choice choice)
    {
        if (_usage != StreamUsage.Continuous)
        {
            Put(_afterChoices);
            return;
        }

        Put(",\"usage\":"u8);
        WriteJson(new Usage(choice.PromptTokens, choice.CachedTokens, choice.GeneratedTokens), static (json, usage) => usage.Write(json));
        Put("}\n\n"u8);
    }

    private void WriteJson<T>(T value, Action<Utf8JsonWriter, T> write) => _connection.PutJson(value, write);

    private void Put(ReadOnlySpan<byte> bytes) => _connection.Put(bytes);
}
