using Llama4.Cluster.Agents;
using Llama4.Cluster.Calls;
using Llama4.Client.Tokens;
using Llama4.Contracts;

namespace Llama4.Cluster.Placement;

/// <summary>The plan in force, as one host knows it, and whom not to ask: the host's agent writes it, the grains of the data path read it.</summary>
internal sealed class PlanBoard : IPlanSource
{
    private volatile PlacementPlan? _current;
    private volatile HashSet<HostId> _suspects = [];
    private readonly Signal _changed = new();

    /// <summary>Null before the first.</summary>
    public PlacementPlan? Current => _current;

    /// <summary>Completes at the next change of the plan or of the suspects, and at the next <see cref="Tick"/>. Ask for it before looking at either.</summary>
    public Task Changed => _changed.Next;

    PlacementPlan? IPlanSource.Plan => _current;

    /// <summary>Null while this host knows of none.</summary>
    public HostId? Leader { get; private set; }

    public bool IsSuspected(HostId host) => _suspects.Contains(host);

    /// <exception cref="InvalidOperationException">The plan is older than the one in force.</exception>
    public void Publish(PlacementPlan plan)
    {
        if (_current is { } before && plan.Epoch < before.Epoch)
            throw new InvalidOperationException($"plan epoch {plan.Epoch} was published after epoch {before.Epoch}: epochs must not go back");
        _current = plan;
        _changed.Set();
    }

    /// <summary>How many hosts became suspected since this one's start, as the leader told it.</summary>
    public long Suspicions { get; private set; }

    public void Follow(HostId? leader) => Leader = leader;

    /// <summary>Those not to ask.</summary>
    public IReadOnlyCollection<HostDoor> Suspects { get; private set; } = [];

    /// <summary>Where clients would wait in vain: the doors of the suspects, IP:PORT.</summary>
    public string[] SuspectDoors => [.. Suspects.Select(host => host.ClientAddress).Where(address => address.Length > 0)];

    /// <summary>Of which beat the suspects are.</summary>
    public SuspicionAge SuspectsAge { get; private set; }

    /// <summary>Without effect if what is known is of a later beat.</summary>
    public void Suspect(IReadOnlyCollection<HostDoor> hosts, SuspicionAge age)
    {
        if (age.CompareTo(SuspectsAge) < 0)
            return;
        SuspectsAge = age;
        if (_suspects.SetEquals(hosts.Select(host => host.Host)))
            return;
        Suspicions += hosts.Count(host => !_suspects.Contains(host.Host));
        _suspects = [.. hosts.Select(host => host.Host)];
        Suspects = hosts;
        _changed.Set();
    }

    /// <summary>The plan in force, if it is of this epoch.</summary>
    /// <exception cref="StaleEpochException">Another epoch, or none, is in force here.</exception>
    public PlacementPlan Require(long epoch, object target)
    {
        var plan = _current;
        return plan?.Epoch == epoch ? plan : throw new StaleEpochException(target.ToString()!, plan?.Epoch ?? 0, epoch);
    }

    /// <summary>Time has passed: those who wait look at their deadlines. One clock for all calls instead of a timer each.</summary>
    public void Tick() => _changed.Set();
}
