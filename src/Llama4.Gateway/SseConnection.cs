using System.Buffers;
using System.IO.Pipelines;
using System.Text.Encodings.Web;
using System.Text.Json;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Llama4.Gateway;

/// <summary>A response as a stream of server-sent events: bytes go straight into the connection's pooled buffers, and a client that stops reading is cut off.</summary>
internal sealed class SseConnection : IDisposable
{
    // Four blocks of the connection's memory pool: enough to coalesce, little enough to start sending.
    private const int UnflushedBytesMax = 16 << 10;

    private static readonly JsonWriterOptions JsonOptions = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, SkipValidation = true };

    private readonly HttpContext _http;
    private readonly PipeWriter _output;
    private readonly Utf8JsonWriter _json;
    private readonly TimeSpan _stalledReaderLimit;
    private long _unflushedBytes;

    public SseConnection(HttpContext http, TimeSpan stalledReaderLimit)
    {
        _http = http;
        _output = http.Response.BodyWriter;
        _json = new Utf8JsonWriter(_output, JsonOptions);
        _stalledReaderLimit = stalledReaderLimit;
    }

    /// <summary>Whether so much is buffered that it should go out now.</summary>
    public bool IsFull => _unflushedBytes >= UnflushedBytesMax;

    /// <summary>Says what the response is. From here on an error can only be an event.</summary>
    public void Open()
    {
        _http.Response.ContentType = "text/event-stream; charset=utf-8";
        _http.Response.Headers.CacheControl = "no-cache";
        _http.Response.Headers["X-Accel-Buffering"] = "no"; // nginx and those who took the header over from it would gather events
        _http.Features.Get<IHttpResponseBodyFeature>()?.DisableBuffering();
    }

    public void Put(ReadOnlySpan<byte> bytes)
    {
        _output.Write(bytes);
        _unflushedBytes += bytes.Length;
    }

    public void PutJson<T>(T value, Action<Utf8JsonWriter, T> write)
    {
        _json.Reset();
        write(_json, value);
        _json.Flush();
        _unflushedBytes += _json.BytesCommitted;
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
}
