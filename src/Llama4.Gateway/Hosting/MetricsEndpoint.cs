using System.Globalization;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Hosting;

/// <summary>GET /metrics: what the engine is doing, in Prometheus' text format 0.0.4.</summary>
internal sealed class MetricsEndpoint(GatewayOptions options, IGenerationClient client)
{
    // A scrape's own limit is 10 s by default; an engine that is busy with a step answers within one.
    private static readonly TimeSpan StatusLimit = TimeSpan.FromSeconds(5);

    public async Task ServeAsync(HttpContext http)
    {
        if (!HttpMethods.IsGet(http.Request.Method) && !HttpMethods.IsHead(http.Request.Method))
        {
            await ErrorBody.SendAsync(http.Response, Endpoints.WrongMethod(http, "GET"), http.RequestAborted);
            return;
        }

        var status = await StatusAsync(http.RequestAborted);
        if (status is null)
        {
            var late = ApiError.Unavailable("The engine did not tell its state.", options.Limits.RetryAfterSeconds);
            await ErrorBody.SendAsync(http.Response, late, http.RequestAborted);
            return;
        }

        var bytes = Encoding.UTF8.GetBytes(Written(status));
        http.Response.ContentType = "text/plain; version=0.0.4; charset=utf-8";
        http.Response.ContentLength = bytes.Length;
        await http.Response.Body.WriteAsync(bytes, http.RequestAborted);
    }

    private async Task<EngineStatus?> StatusAsync(CancellationToken cancellation)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        limit.CancelAfter(StatusLimit);
        try
        {
            return await client.StatusAsync(limit.Token).AsTask().WaitAsync(limit.Token);
        }
        catch (Exception) when (!cancellation.IsCancellationRequested)
        {
            return null; // whatever kept it from telling, the scraper sees a 503
        }
    }

    private string Written(EngineStatus status)
    {
        var text = new StringBuilder();
        Write(text, "llama4_sequences_running", "gauge", "Sequences that hold KV blocks.", status.Running);
        Write(text, "llama4_requests_waiting", "gauge", "Requests in the engine's queue.", status.Waiting);
        Write(text, "llama4_kv_blocks_used", "gauge", "KV blocks in use over all pools, cached prefixes not counted.", status.KvBlocksUsed);
        Write(text, "llama4_kv_blocks", "gauge", "KV blocks over all pools.", status.KvBlocks);
        Write(text, "llama4_generated_tokens_total", "counter", "Tokens generated since start.", status.TokensGenerated);
        Write(text, "llama4_prompt_tokens_total", "counter", "Prompt tokens prefilled since start, cached ones not counted.", status.PromptTokens);
        Write(text, "llama4_cached_tokens_total", "counter", "Prompt tokens taken from the prefix cache since start.", status.CachedTokens);
        return text.ToString();
    }

    private void Write(StringBuilder text, string name, string type, string help, long value) => text.Append(
        CultureInfo.InvariantCulture, $"# HELP {name} {help}\n# TYPE {name} {type}\n{name}{{model=\"{Escaped(options.ModelIds[0])}\"}} {value}\n");

    private static string Escaped(string label) => label.Replace("\\", "\\\\", StringComparison.Ordinal).Replace("\"", "\\\"", StringComparison.Ordinal)
        .Replace("\n", "\\n", StringComparison.Ordinal);
}
