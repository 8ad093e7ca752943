using System.Net.Http.Json;
using System.Text.Json;
using System.Text.RegularExpressions;
using Llama4.Telemetry.Tests.Metrics;

namespace Llama4.Telemetry.Tests.Logs;

public sealed partial class JsonLogTests
{
    private const string Trace = "4bf92f3577b34da6a3ce929d0e0e4736";

    [Fact]
    public async Task Log_AsJson_HasOneLineARequestWithItsTraceAndNoPrompt()
    {
        using var server = new OwnProcess(
            "server", "dotnet", [Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--port", "0", "--threads", "1", "--log-format", "json"]);
        var address = (await server.LineAsync(Served(), TimeSpan.FromMinutes(2))).Groups[1].Value;
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{address}/v1/chat/completions")
        {
            Content = JsonContent.Create(new { model = "scout-nano", max_tokens = 4, messages = new[] { new { role = "user", content = "Zeppelin" } } }),
        };
        request.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        (await http.SendAsync(request)).EnsureSuccessStatusCode();
        await server.LineAsync(OfRequest(), TimeSpan.FromMinutes(1));
        server.Signal("TERM");
        using var end = new CancellationTokenSource(TimeSpan.FromMinutes(1));
        await server.WaitForExitAsync(end.Token);

        var events = server.Lines.Where(line => line.StartsWith('{')).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        events.ShouldNotBeEmpty();
        foreach (var one in events)
        {
            one.GetProperty("timestamp").GetDateTimeOffset().Offset.ShouldBe(TimeSpan.Zero);
            one.GetProperty("level").GetString().ShouldBeOneOf("info", "warning", "error", "critical");
            one.GetProperty("category").GetString().ShouldNotBeNullOrEmpty();
            one.GetProperty("message").GetString().ShouldNotBeNullOrEmpty();
        }

        var line = events.Where(one => one.TryGetProperty("fields", out var fields) && fields.TryGetProperty("Endpoint", out _)).ShouldHaveSingleItem();
        line.GetProperty("level").GetString().ShouldBe("info");
        line.GetProperty("trace_id").GetString().ShouldBe(Trace);
        line.GetProperty("span_id").GetString().ShouldNotBeNull().ShouldMatch("^[0-9a-f]{16}$");
        line.GetProperty("fields").GetProperty("Status").GetInt32().ShouldBe(200);
        line.GetProperty("fields").GetProperty("GeneratedTokens").GetInt32().ShouldBeGreaterThan(0);
        line.GetProperty("fields").TryGetProperty("{OriginalFormat}", out _).ShouldBeFalse();
        server.Lines.ShouldNotContain(said => said.Contains("Zeppelin"));
        server.Lines.ShouldNotContain(said => said.Contains(" info: "));
    }

    /// <summary>For people the same is on the line itself.</summary>
    [Fact]
    public async Task Log_AsText_HasTheTraceOnTheRequestsLine()
    {
        using var server = new OwnProcess("server", "dotnet", [Path.Combine(AppContext.BaseDirectory, "llama4.dll"), "serve", "--port", "0", "--threads", "1"]);
        var address = (await server.LineAsync(Served(), TimeSpan.FromMinutes(2))).Groups[1].Value;
        using var http = new HttpClient();
        using var request = new HttpRequestMessage(HttpMethod.Post, $"{address}/tokenize") { Content = JsonContent.Create(new { model = "scout-nano", prompt = "Zeppelin" }) };
        request.Headers.Add("traceparent", $"00-{Trace}-00f067aa0ba902b7-01");
        (await http.SendAsync(request)).EnsureSuccessStatusCode();

        var line = await server.LineAsync(OfTokens(), TimeSpan.FromMinutes(1));

        line.Groups[1].Value.ShouldBe(Trace);
    }

    [GeneratedRegex("is served at (http://[0-9.:]+)")]
    private static partial Regex Served();

    [GeneratedRegex("\"Endpoint\":\"chat\"")]
    private static partial Regex OfRequest();

    [GeneratedRegex("info: .* tokenize .* finish tokenized ms [0-9]+ trace ([0-9a-f]+)$")]
    private static partial Regex OfTokens();
}
