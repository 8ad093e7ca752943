using System.Text.Json;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Hosting;

/// <summary>The endpoints that only tell: models, health, what is here; and the answer to a path that is none.</summary>
internal sealed class Endpoints(GatewayOptions options, RequestGate gate, Readiness readiness)
{
    private readonly long _created = options.Clock.GetUtcNow().ToUnixTimeSeconds();

    public static ApiError WrongMethod(HttpContext http, string allow) => new(
        405, "invalid_request_error", $"{http.Request.Path} takes {allow}, not {http.Request.Method}.", code: "method_not_allowed") { Allow = allow };

    public static ApiError Nothing(HttpContext http, string hint = "") =>
        new(404, "invalid_request_error", $"There is nothing at {http.Request.Path}{hint}.", code: "unknown_url");

    public Task Root(HttpContext http) => TellAsync(http, json =>
    {
        json.WriteStartObject();
        json.WriteString("server", "llama4");
        json.WriteStartArray("endpoints");
        foreach (var path in (string[])["/v1/chat/completions", "/v1/completions", "/v1/models", "/health/live", "/health/ready"])
        {
            json.WriteStringValue(path);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    public Task Models(HttpContext http) => TellAsync(http, json =>
    {
        json.WriteStartObject();
        json.WriteString("object", "list");
        json.WriteStartArray("data");
        foreach (var id in options.ModelIds)
        {
            WriteModel(json, id);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    public Task Model(HttpContext http)
    {
        var id = http.Request.RouteValues["id"] as string ?? "";
        return options.ModelIds.Contains(id)
            ? TellAsync(http, json => WriteModel(json, id))
            : ErrorBody.SendAsync(http.Response, ApiError.ModelNotFound(id, options.ModelIds), http.RequestAborted);
    }

    /// <summary>200 while the process can answer at all.</summary>
    public Task Live(HttpContext http) => TellAsync(http, json => WriteStatus(json, "live"));

    /// <summary>200 once a token has been generated through the cluster, and until shutdown begins.</summary>
    public Task Ready(HttpContext http)
    {
        var reason = gate.IsClosed ? "The server is shutting down." : readiness.Reason;
        return reason is null
            ? TellAsync(http, json => WriteStatus(json, "ready"))
            : ErrorBody.SendAsync(http.Response, ApiError.Unavailable(reason, options.Limits.RetryAfterSeconds), http.RequestAborted);
    }

    public Task Unknown(HttpContext http) => ErrorBody.SendAsync(http.Response, Nothing(http, "; / lists the endpoints"), http.RequestAborted);

    private static async Task TellAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            await ErrorBody.SendAsync(http.Response, WrongMethod(http, "GET"), http.RequestAborted);
            return;
        }

        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            write(json);
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }

    private static void WriteStatus(Utf8JsonWriter json, string status)
    {
        json.WriteStartObject();
        json.WriteString("status", status);
        json.WriteEndObject();
    }

    private void WriteModel(Utf8JsonWriter json, string id)
    {
        json.WriteStartObject();
        json.WriteString("id", id);
        json.WriteString("object", "model");
        json.WriteNumber("created", _created);
        json.WriteString("owned_by", "llama4");
        json.WriteNumber("max_model_len", options.ContextTokensMax);
        json.WriteEndObject();
    }
}
