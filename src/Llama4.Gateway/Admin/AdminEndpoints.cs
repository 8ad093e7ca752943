using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Admin;

/// <summary>What operators see and ask: the cluster's state, a host to be emptied, a new plan.</summary>
internal sealed partial class AdminEndpoints(IClusterAdmin cluster, GatewayLimits limits, TimeProvider clock, ILogger<AdminEndpoints> logger)
{
    /// <summary>GET /admin/status: <see cref="ClusterStatusJson"/>.</summary>
    public async Task StatusAsync(HttpContext http)
    {
        var status = await cluster.StatusAsync(http.RequestAborted);
        await TellAsync(http, json => ClusterStatusJson.Write(json, status));
    }

    /// <summary>POST /admin/drain {"host"}: answers when the host owns nothing.</summary>
    public async Task DrainAsync(HttpContext http)
    {
        string host;
        using (var body = await RequestBody.ReadAsync(http, limits, clock))
        {
            host = new RequestFields(body.RootElement).Text("host") ?? throw ApiError.Missing("host");
        }

        Draining(logger, host);
        await cluster.DrainAsync(new HostId(host), http.RequestAborted);
        await TellAsync(http, json =>
        {
            json.WriteStartObject();
            json.WriteString("drained", host);
            json.WriteEndObject();
        });
    }

    /// <summary>POST /admin/rebalance: answers with the epoch when a plan made anew is in force.</summary>
    public async Task RebalanceAsync(HttpContext http)
    {
        Rebalancing(logger);
        var epoch = await cluster.RebalanceAsync(http.RequestAborted);
        await TellAsync(http, json =>
        {
            json.WriteStartObject();
            json.WriteNumber("epoch", epoch);
            json.WriteEndObject();
        });
    }

    private static async Task TellAsync(HttpContext http, Action<Utf8JsonWriter> write)
    {
        using var body = new MemoryStream();
        using (var json = new Utf8JsonWriter(body))
        {
            write(json);
        }

        http.Response.ContentType = "application/json";
        http.Response.ContentLength = body.Length;
        await http.Response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), http.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "An operator asks to drain {Host}")]
    private static partial void Draining(ILogger logger, string host);

    [LoggerMessage(Level = LogLevel.Information, Message = "An operator asks for a rebalance")]
    private static partial void Rebalancing(ILogger logger);
}
