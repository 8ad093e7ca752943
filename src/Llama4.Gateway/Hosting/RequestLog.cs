using System.Diagnostics;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Telemetry.Spans;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Hosting;

/// <summary>What the one log line of a request says: never its content.</summary>
internal sealed partial class RequestLog(string endpoint, HttpContext http, AnswerTimes times)
{
    public string Endpoint => endpoint;

    public AnswerTimes Times => times;

    public string Id { get; set; } = "-";

    /// <summary>The model that was asked for, one of ours; null before that is known.</summary>
    public string? Model { get; set; }

    /// <summary>The engine's queue is fair between callers.</summary>
    public Caller Caller { get; } = Caller.Of(http);

    public Usage Usage { get; set; }

    /// <summary>stop, length, or how else it ended.</summary>
    public string Finish { get; set; } = "-";

    /// <summary>What went wrong in mid-stream that neither the client nor the cluster can be blamed for.</summary>
    public Exception? Failure { get; set; }

    /// <summary>Null where nobody listens.</summary>
    public RequestSpan? Span { get; set; }

    /// <summary>The code of what went wrong; null where it ended as it should.</summary>
    public string? Error => Finish is "-" or "stop" or "length" or "tool_calls" or "tokenized" or "detokenized" or "rendered" ? null : Finish;

    public void Write(ILogger logger, TimeSpan elapsed) => Line(
        logger,
        endpoint,
        Id,
        Caller.Name,
        http.Response.StatusCode,
        Usage.PromptTokens,
        Usage.CachedTokens,
        Usage.GeneratedTokens,
        Finish,
        (long)elapsed.TotalMilliseconds,
        Activity.Current?.TraceId.ToHexString() ?? "-");

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "{Endpoint} {Request} caller {Caller} status {Status} prompt {PromptTokens} cached {CachedTokens} "
            + "generated {GeneratedTokens} finish {Finish} ms {ElapsedMs} trace {TraceId}")]
    private static partial void Line(
        ILogger logger,
        string endpoint,
        string request,
        string caller,
        int status,
        int promptTokens,
        int cachedTokens,
        int generatedTokens,
        string finish,
        long elapsedMs,
        string traceId);
}
