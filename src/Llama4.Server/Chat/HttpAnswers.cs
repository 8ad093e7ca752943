using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Net.ServerSentEvents;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Server.Chat;

/// <summary>Answers from any server with OpenAI's chat completions, streamed.</summary>
internal sealed class HttpAnswers : IAnswerSource
{
    /// <summary>A model that loads or a long queue may take this long before the first token; the stream itself has no limit.</summary>
    private static readonly TimeSpan HeadersWithin = TimeSpan.FromMinutes(5);

    private readonly HttpClient _http;

    private HttpAnswers(HttpClient http, string model)
    {
        _http = http;
        Model = model;
    }

    public string Model { get; }

    public bool MayTakePictures => true; // only the answer to a picture says

    /// <summary>Asks the server which model it serves.</summary>
    /// <param name="url">Its address, with or without <c>/v1</c>.</param>
    /// <param name="key">Null or empty for a server that asks for none.</param>
    public static async Task<HttpAnswers> ConnectAsync(string url, string? key, CancellationToken cancellation)
    {
        var http = new HttpClient { BaseAddress = BaseAddress(url), Timeout = HeadersWithin };
        http.DefaultRequestHeaders.Authorization = string.IsNullOrEmpty(key) ? null : new AuthenticationHeaderValue("Bearer", key);
        try
        {
            using var response = await http.GetAsync("models", cancellation);
            await ThrowIfRefusedAsync(response, cancellation);
            using var models = await response.Content.ReadFromJsonAsync<JsonDocument>(cancellation);
            return new HttpAnswers(http, models!.RootElement.GetProperty("data")[0].GetProperty("id").GetString()!);
        }
        catch (HttpRequestException error)
        {
            http.Dispose();
            throw new IOException($"no server answers at {url}: {error.Message}", error);
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException or IndexOutOfRangeException)
        {
            http.Dispose();
            throw new InvalidDataException($"{url} does not list its models as OpenAI's interface does", error);
        }
    }

    public async IAsyncEnumerable<AnswerPiece> AnswerAsync(
        ChatDialog dialog,
        AnswerSettings settings,
        [EnumeratorCancellation] CancellationToken cancellation)
    {
        using var response = await AskAsync(dialog, settings, cancellation);
        await using var stream = await response.Content.ReadAsStreamAsync(cancellation);
        var calls = new StreamedCalls();
        await foreach (var item in SseParser.Create(stream).EnumerateAsync(cancellation))
        {
            if (item.Data == "[DONE]")
            {
                foreach (var call in calls.All)
                {
                    yield return new AnswerPiece("", call);
                }

                yield break;
            }

            if (Delta(item.Data, calls) is { Length: > 0 } text)
            {
                yield return new AnswerPiece(text);
            }
        }

        throw new IOException("the server ended the stream before the answer was complete");
    }

    public ValueTask DisposeAsync()
    {
        _http.Dispose();
        return ValueTask.CompletedTask;
    }

    private static Uri BaseAddress(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var address) || address.Scheme is not ("http" or "https"))
        {
            throw new UsageException($"--url: expected an address like http://127.0.0.1:8080, found '{url}'");
        }

        var root = address.GetLeftPart(UriPartial.Path).TrimEnd('/');
        return new Uri(root.EndsWith("/v1", StringComparison.Ordinal) ? root + "/" : root + "/v1/");
    }

    /// <summary>Asks for so many tokens at most; where dialog and answer together pass the server's context, for what that leaves.</summary>
    private async Task<HttpResponseMessage> AskAsync(ChatDialog dialog, AnswerSettings settings, CancellationToken cancellation)
    {
        var response = await PostAsync(Body(dialog, settings), cancellation);
        if (response.StatusCode == HttpStatusCode.BadRequest && await IsTooLongAsync(response, cancellation))
        {
            response.Dispose();
            var body = Body(dialog, settings);
            body.Remove("max_tokens");
            response = await PostAsync(body, cancellation);
        }

        try
        {
            await ThrowIfRefusedAsync(response, cancellation);
            return response;
        }
        catch
        {
            response.Dispose();
            throw;
        }
    }

    private async Task<HttpResponseMessage> PostAsync(Dictionary<string, object> body, CancellationToken cancellation)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "chat/completions") { Content = JsonContent.Create(body) };
        return await _http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancellation);
    }

    private static async Task<bool> IsTooLongAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        await response.Content.LoadIntoBufferAsync(cancellation); // so that it can be read once more
        return (await response.Content.ReadAsStringAsync(cancellation)).Contains("\"context_length_exceeded\"", StringComparison.Ordinal);
    }

    private Dictionary<string, object> Body(ChatDialog dialog, AnswerSettings settings)
    {
        var body = new Dictionary<string, object>
        {
            ["model"] = Model,
            ["messages"] = ChatJsonWriter.Messages(dialog.Messages),
            ["stream"] = true,
            ["max_tokens"] = settings.TokensMax,
        };
        Add("tools", dialog.Tools?.Select(tool => tool.Json));
        Add("temperature", settings.Temperature); // what is left out has the server's default
        Add("top_p", settings.TopP);
        Add("seed", settings.Seed);
        return body;

        void Add(string name, object? value)
        {
            if (value is not null)
            {
                body[name] = value;
            }
        }
    }

    private static string? Delta(string data, StreamedCalls calls)
    {
        using var chunk = JsonDocument.Parse(data);
        if (chunk.RootElement.TryGetProperty("error", out var error))
        {
            throw new IOException($"the server gave up: {Message(error)}");
        }

        if (!chunk.RootElement.TryGetProperty("choices", out var choices) || choices.GetArrayLength() == 0 || !choices[0].TryGetProperty("delta", out var delta))
        {
            return null;
        }

        if (delta.TryGetProperty("tool_calls", out var called) && called.ValueKind == JsonValueKind.Array)
        {
            calls.Append(called);
        }

        return delta.TryGetProperty("content", out var content) ? content.GetString() : null;
    }

    private static async Task ThrowIfRefusedAsync(HttpResponseMessage response, CancellationToken cancellation)
    {
        if (response.IsSuccessStatusCode)
        {
            return;
        }

        var body = await response.Content.ReadAsStringAsync(cancellation);
        throw new IOException($"the server answered {(int)response.StatusCode}: {Refusal(body)}");
    }

    private static string? Refusal(string body)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return Message(document.RootElement.GetProperty("error"));
        }
        catch (Exception error) when (error is JsonException or KeyNotFoundException or InvalidOperationException)
        {
            return body.Length > 200 ? body[..200] : body; // not OpenAI's form: show what there is
        }
    }

    private static string? Message(JsonElement error) =>
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message) ? message.GetString() : error.GetRawText();
}
