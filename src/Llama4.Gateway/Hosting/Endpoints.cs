using System.Reflection;
using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Llama4.Gateway.Hosting;

/// <summary>The endpoints that only tell: models, health, what is here; and the answer to a path that is none.</summary>
internal sealed class Endpoints(GatewayOptions options, RequestGate gate, Readiness readiness, BodyBudget budget)
{
    private readonly long _created = options.Clock.GetUtcNow().ToUnixTimeSeconds();

    private static string BuildVersion { get; } =
        typeof(Endpoints).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static ApiError WrongMethod(HttpContext http, string allow) => new(
        405, "invalid_request_error", $"{http.Request.Path} takes {allow}, not {http.Request.Method}.", code: "method_not_allowed") { Allow = allow };

    public static ApiError Nothing(HttpContext http, string hint = "") =>
        new(404, "invalid_request_error", $"There is nothing at {http.Request.Path}{hint}.", code: "unknown_url");

    public Task Root(HttpContext http) => JsonAnswer.TellAsync(http, json =>
    {
        json.WriteStartObject();
        json.WriteString("server", "llama4");
        json.WriteStartArray("endpoints");
        foreach (var path in Paths(http.RequestServices.GetRequiredService<EndpointDataSource>()))
        {
            json.WriteStringValue(path);
        }

        json.WriteEndArray();
        json.WriteEndObject();
    });

    /// <summary>What is mapped, but for patterns and for the files of a page.</summary>
    private static IEnumerable<string> Paths(EndpointDataSource mapped) => mapped.Endpoints.OfType<RouteEndpoint>()
        .Select(endpoint => endpoint.RoutePattern.RawText ?? "")
        .Where(path => path.Length > 1 && path.AsSpan().IndexOfAny('{', '.') < 0)
        .Concat(["/openapi/v1.json", "/scalar"])
        .Distinct();

    public Task Models(HttpContext http) => JsonAnswer.TellAsync(http, json =>
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
        // Clients write a name as one segment, and of what is escaped in a path a slash alone stays so.
        var id = (http.Request.RouteValues["id"] as string ?? "").Replace("%2F", "/", StringComparison.OrdinalIgnoreCase);
        return options.ModelIds.Contains(id)
            ? JsonAnswer.TellAsync(http, json => WriteModel(json, id))
            : ErrorBody.SendAsync(http.Response, ApiError.ModelNotFound(id, options.ModelIds), http.RequestAborted);
    }

    /// <summary>200 while the process can answer at all.</summary>
    public Task Live(HttpContext http) => JsonAnswer.TellAsync(http, json => WriteStatus(json, "live"));

    /// <summary>200 once a token has been generated through the cluster, and until shutdown begins.</summary>
    public Task Ready(HttpContext http) => TellReadyAsync(http, "ready");

    /// <summary>The same under the names and with the word of vLLM and llama-server.</summary>
    public Task Health(HttpContext http) => TellReadyAsync(http, "ok");

    /// <summary>Null for ready.</summary>
    public string? NotReady => gate.IsClosed ? "The server is shutting down." : readiness.Reason;

    private Task TellReadyAsync(HttpContext http, string word)
    {
        return NotReady is not { } reason
            ? JsonAnswer.TellAsync(http, json => WriteStatus(json, word))
            : ErrorBody.SendAsync(http.Response, ApiError.Unavailable(reason, options.Limits.RetryAfterSeconds), http.RequestAborted);
    }

    /// <summary>The server's version, as vLLM tells its own.</summary>
    public Task Version(HttpContext http) => JsonAnswer.TellAsync(http, json =>
    {
        json.WriteStartObject();
        json.WriteString("version", BuildVersion);
        json.WriteEndObject();
    });

    /// <summary>What llama-server's clients ask of a server: the context, what the model takes.</summary>
    public Task Props(HttpContext http) => JsonAnswer.TellAsync(http, json =>
    {
        json.WriteStartObject();
        json.WriteStartObject("default_generation_settings");
        json.WriteNumber("n_ctx", options.ContextTokensMax);
        json.WriteEndObject();
        json.WriteString("model_alias", options.ModelIds[0]);
        json.WriteStartObject("modalities");
        json.WriteBoolean("vision", options.Tiles is not null);
        json.WriteBoolean("audio", false);
        json.WriteEndObject();
        json.WriteString("build_info", $"llama4 {BuildVersion}");
        json.WriteEndObject();
    });

    public Task Unknown(HttpContext http) => ErrorBody.SendAsync(http.Response, Nothing(http, "; / lists the endpoints"), http.RequestAborted);

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
        json.WriteString("root", options.ModelIds[0]);
        json.WriteNull("parent");
        json.WriteNumber("max_model_len", options.ContextTokensMax);
        json.WriteStartObject("meta");
        json.WriteNumber("n_vocab", options.VocabularySize);
        json.WriteNumber("n_ctx", options.ContextTokensMax);
        json.WriteEndObject();
        json.WriteStartObject("capabilities");
        json.WriteBoolean("vision", options.Tiles is not null);
        json.WriteEndObject();
        WriteLimits(json);
        json.WriteEndObject();
    }

    /// <summary>What one request may have, so that a page can refuse a file before it is sent.</summary>
    private void WriteLimits(Utf8JsonWriter json)
    {
        json.WriteStartObject("limits");
        json.WriteNumber("body_bytes", budget.BodyBytesMax);
        json.WriteNumber("text_bytes", options.Limits.BodyBytesMax);
        json.WriteNumber("pictures", options.Tiles is null ? 0 : options.Limits.PicturesMax);
        json.WriteNumber("picture_bytes", options.Limits.Picture.BytesMax);
        json.WriteEndObject();
    }
}
