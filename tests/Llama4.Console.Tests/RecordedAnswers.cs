using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.AspNetCore.Http;

namespace Llama4.Console.Tests;

/// <summary>Answers and live events as the server writes them, of models that a test could not hold.</summary>
internal static class RecordedAnswers
{
    /// <summary>Streams tokens with their paths and probabilities, waiting before each; then finish, usage and [DONE].</summary>
    public static async Task StreamAsync(HttpContext http, string[] tokens, RecordedCluster cluster, Func<int, Task>? before = null)
    {
        http.Response.ContentType = "text/event-stream";
        foreach (var (i, token) in tokens.Index())
        {
            await (before?.Invoke(i) ?? Task.CompletedTask);
            await SendAsync(http, new JsonObject
            {
                ["choices"] = new JsonArray(Choice(new JsonObject { ["content"] = token }, Logprobs(token, i))),
                ["llama4"] = new JsonObject { ["paths"] = new JsonArray(cluster.Path(i, token)) },
            });
        }

        await SendAsync(http, new JsonObject
        {
            ["choices"] = new JsonArray(Choice(new JsonObject(), null, "stop")),
            ["llama4"] = new JsonObject { ["paths"] = new JsonArray(cluster.Path(tokens.Length, "<|eot|>")) },
        });
        await SendAsync(http, new JsonObject
        {
            ["choices"] = new JsonArray(),
            ["usage"] = new JsonObject { ["prompt_tokens"] = 21, ["completion_tokens"] = tokens.Length, ["total_tokens"] = 21 + tokens.Length },
        });
        await http.Response.WriteAsync("data: [DONE]\n\n", http.RequestAborted);
    }

    /// <summary>A text cut into pieces of about a word, as a tokenizer would.</summary>
    public static string[] Tokens(string text)
    {
        var tokens = new List<string>();
        var from = 0;
        for (var i = 1; i <= text.Length; i++)
        {
            if (i == text.Length || text[i] is ' ' or '\n' or '`' or '.' or ',' || i - from == 7)
            {
                tokens.Add(text[from..i]);
                from = i;
            }
        }

        return [.. tokens];
    }

    public static async Task SendAsync(HttpContext http, JsonObject chunk)
    {
        await http.Response.WriteAsync($"data: {chunk.ToJsonString()}\n\n", http.RequestAborted);
        await http.Response.Body.FlushAsync(http.RequestAborted);
    }

    public static async Task RefuseAsync(HttpContext http, int status, string message, int? retrySeconds = null)
    {
        http.Response.StatusCode = status;
        if (retrySeconds is { } seconds)
        {
            http.Response.Headers.RetryAfter = $"{seconds}";
        }

        await http.Response.WriteAsJsonAsync(new { error = new { message, type = "requests", param = (string?)null, code = "rate_limit_exceeded" } });
    }

    public static JsonObject Choice(JsonObject delta, JsonNode? logprobs = null, string? finish = null) =>
        new() { ["index"] = 0, ["delta"] = delta, ["logprobs"] = logprobs, ["finish_reason"] = finish };

    private static JsonObject Logprobs(string token, int i)
    {
        double[] parts = [0.98 - (i * 37 % 60 / 100.0), 0.012, 0.004, 0.001];
        string[] texts = [token, " the", " a", " one"];
        JsonObject Entry(int k) => new() { ["token"] = texts[k], ["logprob"] = Math.Log(parts[k]), ["bytes"] = null };
        var chosen = Entry(0);
        chosen["top_logprobs"] = new JsonArray([.. Enumerable.Range(0, 4).Select(Entry)]);
        return new JsonObject { ["content"] = new JsonArray(chosen) };
    }
}
