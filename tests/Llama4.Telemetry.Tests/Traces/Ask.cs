using System.Net;
using System.Net.Http.Json;

namespace Llama4.Telemetry.Tests.Traces;

/// <summary>Chats over HTTP.</summary>
internal static class Ask
{
    /// <summary>One short answer, streamed; greedy, so that it is the same each time.</summary>
    /// <param name="traceparent">Of the client; null for none.</param>
    /// <returns>The header traceresponse, or null; and the whole body.</returns>
    public static async Task<(string? TraceResponse, string Body)> ChatAsync(
        this HttpClient http, int tokens, string? traceparent = null, string? tracestate = null, string text = "What is the capital of France?", bool stream = true)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, "/v1/chat/completions")
        {
            Content = JsonContent.Create(new
            {
                model = "scout-nano", messages = (object[])[new { role = "user", content = text }], max_tokens = tokens, temperature = 0, ignore_eos = true, stream,
            }),
        };
        if (traceparent is not null)
        {
            request.Headers.Add("traceparent", traceparent);
        }

        if (tracestate is not null)
        {
            request.Headers.Add("tracestate", tracestate);
        }

        using var response = await http.SendAsync(request);
        var body = await response.Content.ReadAsStringAsync();
        response.StatusCode.ShouldBe(HttpStatusCode.OK, body);
        return (response.Headers.TryGetValues("traceresponse", out var values) ? values.Single() : null, body);
    }
}
