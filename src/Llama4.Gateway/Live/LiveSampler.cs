using System.Buffers;
using System.Text.Json;
using Llama4.Contracts;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Live;

/// <summary>Asks the cluster and makes events of what it tells, as server-sent events have them. One at a time, for as long as somebody watches.</summary>
internal sealed partial class LiveSampler(IClusterWatch cluster, GatewayOptions options, ILogger logger)
{
    private const int HeatSeconds = 5;

    /// <summary>A cluster that finds another leader takes a second; past this a watcher is told.</summary>
    private static readonly TimeSpan AskLimit = TimeSpan.FromSeconds(3);

    private readonly HeatWindow _heat = new(TimeSpan.FromSeconds(HeatSeconds), options.Limits.LiveEvery);
    private (EngineStatus Sum, TimeSpan At)? _before;
    private bool _isAway;

    /// <summary>The bytes of an event: <c>live</c>, or <c>away</c> where the cluster does not tell.</summary>
    public async Task<byte[]> SampleAsync(CancellationToken cancellation)
    {
        try
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            var status = await cluster.WatchAsync(limit.Token).AsTask().WaitAsync(AskLimit, options.Clock, cancellation);
            _isAway = false;
            return Live(status);
        }
        catch (Exception away) when (!cancellation.IsCancellationRequested)
        {
            if (!_isAway)
            {
                Away(logger, away.Message);
            }

            _isAway = true;
            var message = away is TimeoutException ? $"The cluster has not told its state within {AskLimit.TotalSeconds} s." : away.Message;
            return Event("away"u8, json =>
            {
                json.WriteStartObject();
                json.WriteString("message", message);
                json.WriteEndObject();
            });
        }
    }

    private byte[] Live(ClusterStatus status)
    {
        var now = options.Clock.GetElapsedTime(0);
        var sum = EngineRates.SumOf(status.Hosts);
        var rates = EngineRates.Of(sum, _before?.Sum, now - (_before?.At ?? now));
        _before = (sum, now);
        var heat = _heat.Add(now, status.Hosts, (status.Plan?.Layers.Length ?? 0) * LiveJson.ExpertsOf(status.Plan));
        return Event("live"u8, json => LiveJson.Write(json, options.Clock.GetUtcNow(), options.ModelIds[0], status, rates, heat, HeatSeconds));
    }

    private static byte[] Event(ReadOnlySpan<byte> name, Action<Utf8JsonWriter> write)
    {
        var bytes = new ArrayBufferWriter<byte>(4096);
        bytes.Write("event: "u8);
        bytes.Write(name);
        bytes.Write("\ndata: "u8);
        using (var json = new Utf8JsonWriter(bytes))
        {
            write(json);
        }

        bytes.Write("\n\n"u8);
        return bytes.WrittenSpan.ToArray();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "The cluster does not tell its state to those who watch it: {Reason}")]
    private static partial void Away(ILogger logger, string reason);
}
