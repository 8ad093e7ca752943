using Llama4.Cluster.Hosting;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Simulation;

/// <summary>What one host has loaded; loading takes its time.</summary>
internal sealed class SimulatedParts(HostId self, SimulatedProcess process) : IHostParts
{
    private static readonly TimeSpan LoadPart = TimeSpan.FromMilliseconds(4);

    private readonly HashSet<int> _layers = [];
    private readonly HashSet<(int Layer, int Expert)> _experts = [];

    public bool Vocabulary { get; private set; }

    public long WeightBytes => _layers.Count + _experts.Count;

    public bool HasLayer(int layer) => _layers.Contains(layer);

    public bool HasExpert(int layer, int expert) => _experts.Contains((layer, expert));

    public async Task EnsureAsync(PlacementPlan plan, CancellationToken cancellation)
    {
        var wanted = PlanParts.Of(plan, self);
        var missing = wanted.Layers.Count(layer => !_layers.Contains(layer)) + wanted.Experts.Count(expert => !_experts.Contains(expert))
            + (wanted.Vocabulary && !Vocabulary ? 1 : 0);
        if (missing > 0)
            await Task.Delay(missing * LoadPart * process.Slowness, process.Clock, cancellation);
        _layers.UnionWith(wanted.Layers);
        _experts.UnionWith(wanted.Experts);
        Vocabulary |= wanted.Vocabulary;
    }

    public Task TrimAsync(IReadOnlyList<PlacementPlan> keep)
    {
        PlanParts[] kept = [.. keep.Select(plan => PlanParts.Of(plan, self))];
        _layers.RemoveWhere(layer => !kept.Any(parts => parts.Layers.Contains(layer)));
        _experts.RemoveWhere(expert => !kept.Any(parts => parts.Experts.Contains(expert)));
        Vocabulary &= kept.Any(parts => parts.Vocabulary);
        return Task.CompletedTask;
    }
}
