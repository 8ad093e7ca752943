using System.Diagnostics;
using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Telemetry.Spans;

/// <summary>
/// Step 1 as a span, and with it the whole request: the root of what the cluster records of it, and <see cref="Activity.Current"/> as long as it lasts, so that logs and exemplars have
/// its ids. Named and tagged by OpenTelemetry's conventions for generative AI (https://opentelemetry.io/docs/specs/semconv/gen-ai/gen-ai-spans). Nothing in it is text of the client or
/// of the model.
/// </summary>
internal sealed class RequestSpan
{
    public const string Provider = "llama4";

    private readonly Activity _span;
    private readonly Activity? _before;

    private RequestSpan(Activity span, Activity? before) => (_span, _before) = (span, before);

    /// <summary>What the spans of the request that is being served are below; null where it is not sampled.</summary>
    public static SpanParent? Current => Activity.Current is { } span && span.Source == SpanSources.Gateway ? SpanParent.Of(span) : null;

    /// <summary>Null where nobody listens. The answer's header traceresponse tells the client its ids.</summary>
    public static RequestSpan? Start(HttpContext http, string endpoint)
    {
        if (!SpanSources.Gateway.HasListeners())
        {
            return null;
        }

        var headers = http.Request.Headers;
        var state = headers.TraceState.ToString();
        ActivityContext.TryParse(headers.TraceParent, state.Length > 0 ? state : null, isRemote: true, out var parent);
        if (Start(endpoint, parent) is not { } request)
        {
            return null;
        }

        var span = request._span;
        Tell(http.Response, span.Id!);
        span.SetTag("http.request.method", http.Request.Method).SetTag("http.route", http.Request.Path.Value).SetTag("url.scheme", http.Request.Scheme).SetTag("network.protocol.version", http.Request.Protocol.Split('/')[^1]);
        if (http.Request.Host is { HasValue: true } host)
        {
            span.SetTag("server.address", host.Host).SetTag("server.port", host.Port);
        }

        return request;
    }

    /// <summary>For a client without HTTP.</summary>
    /// <param name="parent">Its span; null for none.</param>
    public static RequestSpan? Start(string endpoint, SpanParent? parent)
    {
        if (!SpanSources.Gateway.HasListeners())
        {
            return null;
        }

        var context = default(ActivityContext);
        parent?.TryRead(out context);
        return Start(endpoint, context);
    }

    private static RequestSpan? Start(string endpoint, ActivityContext parent)
    {
        var before = Activity.Current;
        Activity.Current = null; // the web server's own, which is recorded nowhere, would be taken for the parent
        var (operation, isModels) = OperationOf(endpoint);
        if (SpanSources.Gateway.StartActivity(operation, ActivityKind.Server, parent) is not { } span)
        {
            Activity.Current = before;
            return null;
        }

        if (isModels)
        {
            span.SetTag("gen_ai.operation.name", operation).SetTag("gen_ai.provider.name", Provider);
        }

        return new RequestSpan(span, before);
    }

    /// <summary>The request is checked and its prompt rendered.</summary>
    /// <param name="id">Of the answer.</param>
    public void Ask(AnswerRequest request, string id)
    {
        if (!_span.IsAllDataRequested)
        {
            return;
        }

        var (fields, sampling) = (request.Fields, request.Fields.Sampling);
        SpanSources.Gateway.Start("1 prompt", SpanParent.Of(_span), _span.StartTimeUtc)?.End();
        _span.DisplayName = $"{_span.OperationName} {fields.Model}";
        _span.SetTag("gen_ai.request.model", fields.Model).SetTag("gen_ai.response.model", fields.Model).SetTag("gen_ai.response.id", id)
            .SetTag("gen_ai.request.temperature", sampling.Temperature).SetTag("gen_ai.request.top_p", sampling.TopP)
            .SetTag("gen_ai.request.frequency_penalty", sampling.FrequencyPenalty).SetTag("gen_ai.request.presence_penalty", sampling.PresencePenalty)
            .SetTag("gen_ai.output.type", request.Constraint is { Kind: ConstraintKind.Schema } ? "json" : "text")
            .SetTag("llama4.stream", fields.Stream);
        Tell("gen_ai.request.max_tokens", fields.TokensMax);
        Tell("gen_ai.request.seed", (long?)fields.Seed);
        Tell("gen_ai.request.top_k", sampling.TopK > 0 ? sampling.TopK : null);
        Tell("gen_ai.request.choice.count", fields.Choices > 1 ? fields.Choices : null);

        void Tell(string name, object? value)
        {
            if (value is not null)
            {
                _span.SetTag(name, value);
            }
        }
    }

    /// <summary>What there is of the answers at the end.</summary>
    public void Answered(IReadOnlyList<Choice> choices)
    {
        if (!_span.IsAllDataRequested)
        {
            return;
        }

        var usage = Usage.Of(choices);
        _span.SetTag("gen_ai.usage.input_tokens", usage.PromptTokens).SetTag("gen_ai.usage.output_tokens", usage.GeneratedTokens).SetTag("gen_ai.usage.cache_read.input_tokens", usage.CachedTokens);
        string[] finishes = [.. choices.Select(choice => choice.FinishName).OfType<string>()];
        if (finishes.Length > 0)
        {
            _span.SetTag("gen_ai.response.finish_reasons", finishes);
        }
    }

    /// <summary>It is over: to be called after what is to have its ids is logged and counted.</summary>
    /// <param name="status">Of the answer, in HTTP's numbers.</param>
    /// <param name="error">A code; null where the request did well.</param>
    /// <param name="isHttp">It came over HTTP.</param>
    public void End(int status, string? error, bool isHttp = true)
    {
        if (isHttp)
        {
            _span.SetTag("http.response.status_code", status);
        }

        if (error is not null)
        {
            _span.SetTag("error.type", error);
            if (status is < 400 or >= 500)
            {
                _span.SetStatus(ActivityStatusCode.Error); // a mistake of the client is none of ours
            }
        }

        _span.Stop();
        Activity.Current = _before;
    }

    /// <summary>Late, as an error body clears the headers that were set before it. In a method of its own: whose closure is made nowhere but here.</summary>
    private static void Tell(HttpResponse response, string id) => response.OnStarting(() =>
    {
        response.Headers["traceresponse"] = id;
        return Task.CompletedTask;
    });

    /// <summary>OpenTelemetry's word for what an endpoint does, and whether a model has a part in it.</summary>
    private static (string Operation, bool IsModels) OperationOf(string endpoint) => endpoint switch
    {
        "chat" or "responses" => ("chat", true),
        "completions" => ("text_completion", true),
        _ => ($"POST /{endpoint}", false),
    };
}
