using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Agents;

/// <summary>What a leader knows of the experts' load, and for which load the last plan was made. Rows may be counted by any thread; the rest is the leader's.</summary>
/// <param name="experts">[layers] of the model; all or none.</param>
internal sealed class LoadWatch(int[] experts, ExpertLoadLimits limits, RangeBalanceLimits ranges, TimeProvider clock)
{
    private readonly Lock _gate = new();

    /// <summary>Guarded by the gate.</summary>
    private readonly ExpertLoad _load = new(experts.Length, Math.Max(1, experts.Max()), limits);
    private readonly RangeBalance _ranges = new(ranges);
    private HashSet<ExpertOfLayer> _planned = [];

    /// <summary>At the last look, those with most rows first.</summary>
    public IReadOnlyCollection<ExpertOfLayer> Hot { get; private set; } = [];

    /// <summary>Of the last half a minute or so.</summary>
    public ExpertRates Rates
    {
        get
        {
            lock (_gate)
                return _load.LongRates;
        }
    }

    /// <summary>Other experts are hot than when the last plan was made.</summary>
    public bool HasOtherHot => !_planned.SetEquals(Hot);

    /// <summary>Ranges are to follow what was measured.</summary>
    public bool MovesRanges { get; private set; }

    private TimeSpan Now => clock.GetElapsedTime(0);

    /// <summary>Leading begins with this plan; what was counted for another leader is not known.</summary>
    public void Begin(PlacementPlan? plan)
    {
        lock (_gate)
            _load.Begin(SecondOwners(plan).Select(second => second.Expert));
        Planned([.. SecondOwners(plan).Select(second => second.Expert)]);
        BeginPlan();
    }

    /// <param name="rows">[layers * experts].</param>
    public void Count(int[] rows)
    {
        lock (_gate)
            _load.Count(rows);
    }

    public void Look()
    {
        lock (_gate)
        {
            _load.Look(Now);
            Hot = _load.Hot;
        }
    }

    /// <summary>Asks now and then whether another plan would be much better than the one in force.</summary>
    /// <param name="better">The plan to have, of the same hosts.</param>
    public void LookAtRanges(PlacementPlan plan, IReadOnlyCollection<HostCapacity> hosts, Func<PlacementPlan> better)
    {
        MovesRanges |= _ranges.Look(Now, () =>
        {
            var work = new MeasuredWork(experts, Rates);
            return work.Time(plan, hosts) / work.Time(better(), hosts);
        });
    }

    /// <summary>What could be done for these is done.</summary>
    public void Planned(IReadOnlyCollection<ExpertOfLayer> hot) => _planned = [.. hot];

    /// <summary>Owners have changed: how good their ranges are is seen from now on.</summary>
    public void BeginPlan()
    {
        MovesRanges = false;
        _ranges.Begin(Now);
    }

    /// <summary>A plan's hot experts with their second owners, in order.</summary>
    public static IEnumerable<(ExpertOfLayer Expert, HostId Host)> SecondOwners(PlacementPlan? plan) =>
        (plan?.Layers ?? []).SelectMany(layer => layer.ExpertGroups.SelectMany(group => group.Hot)
            .OrderBy(hot => hot.Expert).Select(hot => (new ExpertOfLayer(layer.Layer, hot.Expert), hot.SecondOwner)));
}
