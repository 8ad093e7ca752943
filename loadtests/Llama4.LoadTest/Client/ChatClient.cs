using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;

namespace Llama4.LoadTest.Client;

/// <summary>One request to <c>/v1/chat/completions</c> and its stream, timed as its bytes arrive. Any OpenAI-compatible server will do.</summary>
internal sealed class ChatClient : IDisposable
{
    private static readonly TimeSpan ConnectLimit = TimeSpan.FromSeconds(10);

    /// <summary>For the end of the body after <c>[DONE]</c>.</summary>
    private static readonly TimeSpan CloseLimit = TimeSpan.FromSeconds(1);

    private readonly HttpClient _http;
    private readonly Uri _endpoint;
    private readonly RunClock _clock;
    private long _requests;

    public ChatClient(Uri server, string? key, RunClock clock)
    {
        // A connection for each request on its way: a pool with fewer would delay what is measured.
        _http = new HttpClient(new SocketsHttpHandler { ConnectTimeout = ConnectLimit, UseCookies = false, AllowAutoRedirect = false, UseProxy = false })
        {
            Timeout = Timeout.InfiniteTimeSpan, // each request has its own
        };
        if (key is not null)
        {
            _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", key);
        }

        _endpoint = ServerUrl.Of(server, "chat/completions");
        _clock = clock;
    }

    /// <summary>Never throws for what a server does: that is the outcome.</summary>
    /// <param name="over">Ends it as <see cref="Outcome.Unfinished"/>.</param>
    public async Task<Answer> AskAsync(byte[] body, TimeSpan limit, IStreamSink sink, CancellationToken over)
    {
        var answer = new Answer(Interlocked.Increment(ref _requests)) { Sent = _clock.Now };
        answer.Last = answer.Sent;
        using var limited = CancellationTokenSource.CreateLinkedTokenSource(over);
        limited.CancelAfter(limit);
        var answering = false;
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, _endpoint) { Content = new ByteArrayContent(body) };
            request.Content.Headers.ContentType = new MediaTypeHeaderValue("application/json");
            using var response = await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, limited.Token);
            answering = true;
            answer.Status = (int)response.StatusCode;
            if (response.StatusCode != HttpStatusCode.OK)
            {
                answer.Outcome = response.StatusCode is HttpStatusCode.TooManyRequests or HttpStatusCode.ServiceUnavailable ? Outcome.Refused : Outcome.Status;
                answer.Detail = $"{answer.Status}: {await RefusalAsync(response, limited.Token)}";
            }
            else if (response.Content.Headers.ContentType?.MediaType is var type && type != "text/event-stream")
            {
                (answer.Outcome, answer.Detail) = (Outcome.Malformed, $"expected text/event-stream, found {type ?? "no content type"}");
            }
            else
            {
                await using var stream = await response.Content.ReadAsStreamAsync(limited.Token);
                await ReadAsync(answer, stream, sink, limited.Token);
            }
        }
        catch (Exception error) when (error is HttpRequestException or IOException or OperationCanceledException or InvalidDataException)
        {
            answer.Outcome = error switch
            {
                InvalidDataException => Outcome.Malformed,
                _ when over.IsCancellationRequested => Outcome.Unfinished,
                _ when limited.IsCancellationRequested => Outcome.Timeout,
                _ => answering ? Outcome.Cut : Outcome.Connect,
            };
            answer.Detail = ChatChunk.Limited(error.Message);
        }

        answer.End = answer.End > 0 ? answer.End : _clock.Now;
        sink.Ended(answer.Id, answer.Last, answer.End, answer.Outcome != Outcome.Ok);
        return answer;
    }

    public void Dispose() => _http.Dispose();

    private async Task ReadAsync(Answer answer, Stream stream, IStreamSink sink, CancellationToken limited)
    {
        var parser = new SseParser();
        var events = new List<byte[]>();
        var buffer = new byte[16 * 1024];
        while (true)
        {
            var read = await stream.ReadAsync(buffer, limited);
            var now = _clock.Now;
            if (read == 0)
            {
                parser.End(events);
            }
            else
            {
                parser.Push(buffer.AsSpan(0, read), events);
            }

            foreach (var data in events)
            {
                if (data.AsSpan().SequenceEqual("[DONE]"u8))
                {
                    answer.End = now;
                    (answer.Outcome, answer.Detail) = answer.Finish is not null ? (Outcome.Ok, null) : (Outcome.Cut, "the stream ended without a finish reason");
                    await CloseAsync(stream, buffer);
                    return;
                }

                if (Take(answer, ChatChunk.Parse(data), now, sink) is { } failure)
                {
                    (answer.Outcome, answer.Detail) = (Outcome.Error, failure);
                    return;
                }
            }

            events.Clear();
            if (read == 0)
            {
                (answer.Outcome, answer.Detail) = (Outcome.Cut, "the stream ended before [DONE]");
                return;
            }
        }
    }

    /// <summary>Reads to the end of the body, if it comes soon: only then is the connection used again. What is wrong with it now no longer concerns the answer.</summary>
    private static async Task CloseAsync(Stream stream, byte[] buffer)
    {
        using var limit = new CancellationTokenSource(CloseLimit);
        try
        {
            while (await stream.ReadAsync(buffer, limit.Token) > 0)
            {
            }
        }
        catch (Exception error) when (error is IOException or HttpRequestException or OperationCanceledException)
        {
            // The connection is closed instead.
        }
    }

    /// <summary>Returns the error that the stream tells of.</summary>
    private static string? Take(Answer answer, ChatChunk chunk, double now, IStreamSink sink)
    {
        if (chunk.HasTokens)
        {
            sink.Tokens(answer.Id, answer.Last, now, answer.First is null);
            answer.LongestGap = answer.First is null ? 0 : Math.Max(answer.LongestGap, now - answer.Last);
            answer.First ??= now;
            answer.Last = now;
            answer.Chunks++;
            answer.Append(chunk.Text ?? "");
        }

        answer.Finish = chunk.Finish ?? answer.Finish;
        answer.Usage = chunk.Usage ?? answer.Usage;
        return chunk.Error;
    }

    private static async Task<string> RefusalAsync(HttpResponseMessage response, CancellationToken limited)
    {
        var buffer = new byte[4096]; // the rest of a longer page says nothing
        await using var stream = await response.Content.ReadAsStreamAsync(limited);
        var read = await stream.ReadAtLeastAsync(buffer, buffer.Length, throwOnEndOfStream: false, limited);
        try
        {
            using var body = JsonDocument.Parse(buffer.AsMemory(0, read));
            return ChatChunk.ErrorText(body.RootElement.ValueKind == JsonValueKind.Object && body.RootElement.TryGetProperty("error", out var error) ? error : body.RootElement);
        }
        catch (JsonException)
        {
            return ChatChunk.Limited(System.Text.Encoding.UTF8.GetString(buffer, 0, read)); // a proxy's page
        }
    }
}
