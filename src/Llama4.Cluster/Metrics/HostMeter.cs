using System.Diagnostics.Metrics;
using Llama4.Cluster.Agents;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Metrics;

/// <summary>What a host is asked for at each scrape: all of it is counted elsewhere already (docs/decisions/metrics.md).</summary>
internal sealed class HostMeter
{
    private readonly ModelHost _host;
    private readonly PlanBoard _board;
    private readonly ExpertCounts _counts;
    private readonly RoutedTokens _routed;
    private readonly ImbalanceWindow _window;

    public HostMeter(
        IMeterFactory meters, HostAgentOptions options, ModelHost host, PlanBoard board, EnginesHere engines, ExpertCounts counts, RoutedTokens routed, LinkMeter links,
        TimeProvider clock)
    {
        (_host, _board, _counts, _routed) = (host, board, counts, routed);
        _window = new ImbalanceWindow(host.Config.Layers.Count, host.Config.Experts, clock);
        var meter = meters.Create(StepMeter.MeterName);
        links.AddTo(meter);
        AddHost(meter, options.Host);
        AddEngines(meter, engines);
        AddExperts(meter);
        AddMemory(meter, options.Host.Bytes);
    }

    private void AddHost(Meter meter, HostDescription own)
    {
        var labels = new KeyValuePair<string, object?>[] { new("host", own.Host.Name), new("roles", RolesOf(own.Roles)), new("zone", own.Zone) };
        meter.CreateObservableGauge("llama4.host.info", () => new Measurement<int>(1, labels), description: "Always 1; its labels say which host this is.");
        meter.CreateObservableGauge("llama4.plan.epoch", () => _board.Current?.Epoch ?? 0, description: "Epoch of the plan in force here; 0 before the first.");
        meter.CreateObservableCounter("llama4.suspicions", () => _board.Suspicions, description: "Hosts that became suspected, as the leader told this one.");
    }

    private static void AddEngines(Meter meter, EnginesHere engines)
    {
        Gauge("llama4.sequences.running", status => status.Running, "Sequences that hold KV blocks, by replica, in the engines of this host.");
        Gauge("llama4.sequences.waiting", status => status.Waiting, "Sequences in the engine's queue, by replica.");
        Gauge("llama4.kv.blocks", status => status.KvBlocks, "KV blocks over all pools, by replica.");
        Gauge("llama4.kv.blocks.used", status => status.KvBlocksUsed, "KV blocks in use by sequences, cached prefixes not counted, by replica.");

        void Gauge(string name, Func<EngineStatus, int> value, string description) => meter.CreateObservableUpDownCounter(
            name,
            () => engines.Statuses().Select(engine => new Measurement<int>(value(engine.Status), new KeyValuePair<string, object?>("replica", Text(engine.Replica)))),
            description: description);
    }

    private void AddExperts(Meter meter)
    {
        var rows = meter.CreateObservableCounter("llama4.expert.rows", Rows, description: "Rows that this host's experts ran, by layer and expert; those that ran none are left out.");
        meter.CreateObservableGauge("llama4.expert.imbalance.ratio", Imbalance, description: "Rows of a layer's most loaded expert on this host over the mean of its experts, last minute.");
        _counts.IsHeard = () => rows.Enabled;
    }

    private void AddMemory(Meter meter, long limit)
    {
        meter.CreateObservableUpDownCounter(
            "llama4.device.memory.used",
            () => new Measurement<long>[] { new(_host.Weights.WeightBytes, new KeyValuePair<string, object?>("use", "weights")), new(_host.KvHeldBytes, new KeyValuePair<string, object?>("use", "kv")) },
            "By",
            "Bytes on this host's device, by use.");
        meter.CreateObservableUpDownCounter("llama4.device.memory.limit", () => limit, "By", "Bytes that plans may give to this host's device.");
    }

    private IEnumerable<Measurement<long>> Rows()
    {
        _ = _routed.CountAsync(); // what is kept to be read back is in the next answer
        for (var layer = 0; layer < _host.Config.Layers.Count; layer++)
        {
            for (var expert = 0; expert < _host.Config.Experts; expert++)
            {
                if (_counts.Ran(layer, expert) is > 0 and var rows)
                    yield return new Measurement<long>(rows, new("layer", Text(layer)), new("expert", Text(expert)));
            }
        }
    }

    private IEnumerable<Measurement<double>> Imbalance()
    {
        var own = _board.Current is { } plan ? PlanParts.OwnedBy(plan, _host.Id).Experts : null;
        lock (_window)
        {
            return [.. _window.Look(_counts.Ran, (layer, expert) => own?.Contains((layer, expert)) == true)
                .Select(layer => new Measurement<double>(layer.Ratio, new KeyValuePair<string, object?>("layer", Text(layer.Layer))))];
        }
    }

    /// <summary>As the option takes them.</summary>
    private static string RolesOf(HostRoles roles) => roles.ToString().Replace(" ", "", StringComparison.Ordinal).ToLowerInvariant();

    private static string Text(int number) => number.ToString(System.Globalization.CultureInfo.InvariantCulture);
}
