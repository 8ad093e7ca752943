using System.Net;
using System.Text.Json;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Responses;

/// <summary>Streams of /v1/responses: each event is named by its type.</summary>
internal static class ResponseEvents
{
    private const string Path = "/v1/responses";

    /// <summary>Posts, and reads the events to their end.</summary>
    public static async Task<List<JsonElement>> ResponseEventsAsync(this TestGateway gateway, string json)
    {
        using var response = await gateway.PostAsync(Path, json, stream: true);
        response.StatusCode.ShouldBe(HttpStatusCode.OK);
        response.Content.Headers.ContentType!.MediaType.ShouldBe("text/event-stream");
        var body = await response.Content.ReadAsStringAsync();
        return [.. body[..^2].Split("\n\n").Select(one =>
        {
            var lines = one.Split('\n');
            lines.Length.ShouldBe(2);
            var data = Json.Parse(lines[1]["data: ".Length..]);
            lines[0].ShouldBe($"event: {data.At("type").GetString()}");
            return data;
        })];
    }

    /// <summary>The whole response, or the one that the last event has.</summary>
    /// <param name="json">Without <c>stream</c>.</param>
    public static async Task<JsonElement> ResponseAsync(this TestGateway gateway, string json, bool stream) => stream
        ? (await gateway.ResponseEventsAsync($"{json.TrimEnd()[..^1]},\"stream\":true}}"))[^1].At("response")
        : await gateway.JsonAsync(Path, json);
}
