using System.Buffers;
using System.Buffers.Text;
using System.IO.Pipelines;
using System.Text;
using System.Text.Encodings.Web;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Live;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Llama4.Gateway;

/// <summary>
/// Step 10: writes an answer as server-sent events, each token an event of its own, and ends it with a finish or an error.
/// Bytes go straight into the connection's pooled buffers; what all chunks of a choice share is built once.
/// </summary>
internal sealed class SseWriter : IAnswerSink, IDisposable
{
    // Four blocks of the connection's memory pool: enough to coalesce, little enough to start sending.
    private const int UnflushedBytesMax = 16 << 10;

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly HttpContext _http;
    private readonly PipeWriter _output;
    private readonly Utf8JsonWriter _json;
    private readonly IAnswerFormat _format;
    private readonly bool _logprobs;
    private readonly TimeSpan _stalledReaderLimit;
    private readonly byte[] _beforeIndex;
    private readonly byte[] _afterChoices;
    private readonly byte[] _afterFinish;
    private readonly byte[] _plainEnd;

    // Paths that the next event takes along: that of a token whose text is held back waits here.
    private readonly List<TracedToken> _traced = [];
    private long _unflushedBytes;

    public SseWriter(HttpContext http, IAnswerFormat format, AnswerHead head, bool logprobs, bool includeUsage, TimeSpan stalledReaderLimit)
    {
        _http = http;
        _output = http.Response.BodyWriter;
        _json = new Utf8JsonWriter(_output, JsonOptions);
        _format = format;
        _logprobs = logprobs;
        _stalledReaderLimit = stalledReaderLimit;
        _beforeIndex = Encoding.UTF8.GetBytes(
            $$"""data: {"id":"{{head.Id}}","object":"{{format.ChunkObject}}","created":{{head.Created}}"""
            + $$""","model":"{{JsonEncodedText.Encode(head.Model)}}","system_fingerprint":"{{head.Fingerprint}}","choices":[""");

        // With include_usage every chunk has the member, null in all but the last.
        _afterChoices = Encoding.UTF8.GetBytes((includeUsage ? ",\"usage\":null" : "") + "}\n\n");
        _afterFinish = [.. "}]"u8, .. _afterChoices];
        _plainEnd = [.. ""","logprobs":null,"finish_reason":null"""u8, .. _afterFinish];
    }

    public bool IsFull => _unflushedBytes >= UnflushedBytesMax;

    /// <summary>Sends the headers and, in chat, each choice's role. From here on an error can only be an event.</summary>
    public void Start(int choiceCount)
    {
        _http.Response.ContentType = "text/event-stream; charset=utf-8";
        _http.Response.Headers.CacheControl = "no-cache";
        _http.Response.Headers["X-Accel-Buffering"] = "no"; // nginx and those who took the header over from it would gather events
        _http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
        for (var index = 0; index < choiceCount && !_format.OpeningMember.IsEmpty; index++)
        {
            WriteIndex(index);
            Put(_format.OpeningMember);
            Put(_plainEnd);
        }
    }

    public void Write(Choice choice, Piece piece)
    {
        if (piece.Traced is { } traced)
        {
            _traced.Add(traced);
        }

        if (piece.Text.Length > 0 || piece.Tokens.Count > 0)
        {
            WriteIndex(choice.Index);
            Put(_format.BeforeText);
            WriteJson(piece.Text, static (json, text) => json.WriteStringValue(text));
            Put(_format.AfterText);
            WriteEnd(piece.Tokens, finish: null);
        }

        foreach (var (i, call) in (piece.Calls ?? []).Index())
        {
            WriteIndex(choice.Index);
            Put("\"delta\":{\"tool_calls\":["u8);
            WriteJson((i, call), static (json, value) => value.call.Write(json, value.i));
            Put("]}"u8);
            Put(_plainEnd);
        }

        if (piece.Finish is not null)
        {
            WriteIndex(choice.Index);
            Put(_format.EmptyMember);
            WriteEnd([], piece.FinishName);
        }
    }

    /// <summary>The chunk that follows all choices where stream_options.include_usage asks for it.</summary>
    public void WriteUsage(Usage usage)
    {
        Put(_beforeIndex);
        Put("],\"usage\":"u8);
        WriteJson(usage, static (json, value) => value.Write(json));
        Put("}\n\n"u8);
    }

    public void WriteDone() => Put("data: [DONE]\n\n"u8);

    /// <summary>An error in mid-stream: the last event of the stream, in place of [DONE].</summary>
    public void WriteError(ApiError error)
    {
        Put("data: "u8);
        Put(ErrorBody.Bytes(error));
        Put("\n\n"u8);
    }

    /// <summary>
    /// Hands the connection what was written. Completes at once while the client reads; a client that lets its buffers stay full
    /// past the limit is cut off. Only this answer waits: every stream has its own buffers.
    /// </summary>
    public ValueTask FlushAsync()
    {
        if (_unflushedBytes == 0)
        {
            return ValueTask.CompletedTask;
        }

        _unflushedBytes = 0;
        var flush = _output.FlushAsync(CancellationToken.None); // Kestrel cuts the connection of one that is cancelled, and an error could not be told
        return flush.IsCompletedSuccessfully ? ValueTask.CompletedTask : new ValueTask(WaitForReaderAsync(flush.AsTask()));
    }

    public void Dispose() => _json.Dispose();

    private async Task WaitForReaderAsync(Task<FlushResult> flush)
    {
        try
        {
            await flush.WaitAsync(_stalledReaderLimit);
        }
        catch (TimeoutException)
        {
            _http.Abort();
            throw new StalledReaderException($"The client read nothing for {_stalledReaderLimit.TotalSeconds} s.");
        }
    }

    private void WriteIndex(int index)
    {
        Put(_beforeIndex);
        Put("{\"index\":"u8);
        Span<byte> digits = stackalloc byte[11];
        Utf8Formatter.TryFormat(index, digits, out var length);
        Put(digits[..length]);
        Put(","u8);
    }

    private void WriteEnd(IReadOnlyList<LoggedToken> tokens, string? finish)
    {
        if (finish is null && !_logprobs && _traced.Count == 0)
        {
            Put(_plainEnd);
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
        if (_traced.Count == 0)
        {
            Put(_afterFinish);
            return;
        }

        Put("}],\"llama4\":"u8);
        WriteJson(_traced, static (json, value) => TracedToken.Write(json, value));
        Put(_afterChoices);
        _traced.Clear();
    }

    private void WriteJson<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        _json.Reset();
        write(_json, value);
        _json.Flush();
        _unflushedBytes += _json.BytesCommitted;
    }

    private void Put(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _unflushedBytes += bytes.Length;
    }
}
