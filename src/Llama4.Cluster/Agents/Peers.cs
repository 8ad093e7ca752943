using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster.Agents;

/// <summary>
/// The other hosts as their leader knows them: what they bring, whether they answer, what went wrong with them. Thread-safe.
/// </summary>
internal sealed partial class Peers(HostDescription self, TimeProvider clock, ILogger<HostAgent> logger)
{
    /// <summary>From one beat of the leader to the next.</summary>
    public static readonly TimeSpan BeatEvery = TimeSpan.FromMilliseconds(20);

    private const int FaultsMax = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<HostId, HeartbeatDetector> _detectors = [];
    private readonly Dictionary<HostId, HostDescription> _described = new() { [self.Host] = self };
    private readonly Dictionary<HostId, string> _doors = [];
    private readonly Dictionary<HostId, long> _epochs = [];

    /// <summary>With how many asked this host for it: nobody, where it was an earlier leader that was asked.</summary>
    private readonly Dictionary<HostId, int> _draining = [];

    private readonly LinkFaults _links = new();
    private readonly Queue<ClusterFault> _faults = [];

    private TimeSpan Now => clock.GetElapsedTime(0);

    public ClusterFault[] Faults
    {
        get
        {
            lock (_gate)
                return [.. _faults.Reverse()];
        }
    }

    public HostId[] Draining
    {
        get
        {
            lock (_gate)
                return [.. _draining.Keys];
        }
    }

    /// <summary>Those that do not answer, each with its door for clients.</summary>
    public HostDoor[] Suspects
    {
        get
        {
            lock (_gate)
                return [.. _detectors.Where(peer => peer.Value.IsSuspected).Select(peer => Door(peer.Key))];
        }
    }

    public HostDescription? Find(HostId host)
    {
        lock (_gate)
            return _described.GetValueOrDefault(host);
    }

    /// <summary>Leading begins: everybody counts as heard now, and has to tell what it brings.</summary>
    /// <param name="missed">The leader before, whom most do not hear: a suspect from the start.</param>
    /// <param name="like">How late a host may be, as far as this one knows.</param>
    public void Begin(IEnumerable<HostId> members, HostId? missed, HeartbeatDetector like)
    {
        lock (_gate)
        {
            foreach (var gone in _draining.Keys.Except(members).ToList())
                _draining.Remove(gone);
            var before = new Dictionary<HostId, HeartbeatDetector>(_detectors);
            _detectors.Clear();
            _epochs.Clear();
            foreach (var member in members.Where(member => member != self.Host))
                _detectors.Add(member, new HeartbeatDetector(Now, BeatEvery, before.GetValueOrDefault(member, like)));
            if (missed is { } old)
                _detectors.GetValueOrDefault(old)?.Suspect();
        }
    }

    /// <param name="epoch">That it serves.</param>
    public void Hear(HostDescription host, long epoch)
    {
        lock (_gate)
        {
            _described[host.Host] = host;
            _epochs[host.Host] = epoch;
            _doors[host.Host] = host.ClientAddress;
            if (!_detectors.TryGetValue(host.Host, out var detector))
                _detectors.Add(host.Host, detector = new HeartbeatDetector(Now, BeatEvery));
            detector.Hear(Now);
        }
    }

    /// <summary>Looks for those that fell silent, and forgets those that are members no longer.</summary>
    /// <param name="plan">In force; null for none.</param>
    public void Look(HostId[] members, PlacementPlan? plan)
    {
        lock (_gate)
        {
            _links.Keep(members);
            if (plan is not null)
                LookAtLinks(plan);
            foreach (var (host, detector) in _detectors)
            {
                if (detector.Look(Now))
                    AddFaultLocked(host, $"silent for {detector.Silence(Now).TotalMilliseconds:0} ms");
            }
            foreach (var gone in _detectors.Keys.Except(members).ToList())
            {
                _detectors.Remove(gone);
                _described.Remove(gone);
                _epochs.Remove(gone);
                _draining.Remove(gone);
            }
        }
    }

    /// <summary>This host itself stood still: it cannot have heard anybody.</summary>
    public void Forgive(TimeSpan pause)
    {
        lock (_gate)
        {
            foreach (var detector in _detectors.Values)
                detector.Forgive(Now, pause);
        }
    }

    /// <summary>Members that may be given something: they have told what they bring, it is what this host brings too, and they answer.</summary>
    public HostDescription[] Candidates(HostId[] members)
    {
        lock (_gate)
        {
            return [.. members.Where(member => !_draining.ContainsKey(member) && !IsSuspectedLocked(member))
                .Select(member => _described.GetValueOrDefault(member)).OfType<HostDescription>().Where(host => host.Identity == self.Identity)];
        }
    }

    /// <summary>It was a suspect a short while ago, and may be one again soon.</summary>
    public bool IsOnProbation(HostId host)
    {
        lock (_gate)
            return _detectors.TryGetValue(host, out var detector) && detector.IsOnProbation(Now);
    }

    /// <summary>Members that neither told what they bring nor are suspected yet.</summary>
    public bool IsWaitingFor(HostId host)
    {
        lock (_gate)
            return !_described.ContainsKey(host) && _detectors.TryGetValue(host, out var detector) && !detector.IsSuspected;
    }

    /// <summary>Hosts that have not answered this leader yet, and are not suspected either.</summary>
    public bool IsUnheard(HostId host)
    {
        lock (_gate)
            return host != self.Host && !_epochs.ContainsKey(host) && _detectors.TryGetValue(host, out var detector) && !detector.IsSuspected;
    }

    /// <summary>All other hosts of a plan have told this leader that they serve it.</summary>
    public bool AllServe(PlacementPlan plan)
    {
        lock (_gate)
            return plan.Hosts.All(host => host == self.Host || (_epochs.TryGetValue(host, out var epoch) && epoch == plan.Epoch));
    }

    /// <summary>Hosts that answer and serve an earlier plan than this, or none.</summary>
    public HostId[] Behind(long epoch)
    {
        lock (_gate)
            return [.. _epochs.Where(host => host.Value < epoch && host.Key != self.Host && !IsSuspectedLocked(host.Key)).Select(host => host.Key)];
    }

    /// <summary>A host says which others answer nothing that it asks them.</summary>
    public void Complain(HostId from, HostId[] unheard)
    {
        lock (_gate)
            _links.Complain(from, unheard, Now);
    }

    public void Drain(HostId host)
    {
        lock (_gate)
            _draining[host] = _draining.GetValueOrDefault(host) + 1;
    }

    /// <summary>One who asked does not any more: the host may be given something again, unless others asked too.</summary>
    public void StopDraining(HostId host)
    {
        lock (_gate)
        {
            if (_draining.Remove(host, out var asked) && asked > 1)
                _draining.Add(host, asked - 1);
        }
    }

    /// <summary>No plan is possible without hosts that still hold something, and nobody waits for their drains: they stay where they are.</summary>
    public void StopInheritedDrains(PlacementPlan plan)
    {
        lock (_gate)
        {
            foreach (var (host, _) in _draining.Where(host => host.Value == 0 && PlanSituation.Holds(plan, host.Key)).ToList())
                _draining.Remove(host);
        }
    }

    public HostCondition Condition(HostId host)
    {
        lock (_gate)
        {
            return host == self.Host ? (_draining.ContainsKey(host) ? HostCondition.Draining : HostCondition.Alive)
                : _detectors.GetValueOrDefault(host) is not { } detector || !_described.ContainsKey(host) ? HostCondition.Joining
                : detector.IsSuspected ? HostCondition.Suspected
                : _draining.ContainsKey(host) ? HostCondition.Draining
                : HostCondition.Alive;
        }
    }

    /// <summary>Remembers what the leader told of, for the day this host leads.</summary>
    public void Remember(HostDoor[] doors, HostId[] draining)
    {
        lock (_gate)
        {
            _draining.Clear();
            foreach (var host in draining)
                _draining[host] = 0;
            foreach (var door in doors.Where(door => door.ClientAddress.Length > 0))
                _doors[door.Host] = door.ClientAddress;
        }
    }

    public HostDoor[] Doors(HostId[] hosts)
    {
        lock (_gate)
            return Array.ConvertAll(hosts, Door);
    }

    public void AddFault(HostId host, string what)
    {
        lock (_gate)
            AddFaultLocked(host, what);
    }

    /// <summary>Where two hosts do not hear each other, one of them is left out, though it answers here.</summary>
    private void LookAtLinks(PlacementPlan plan)
    {
        // Really, by answers to this leader: when leading begins everybody only counts as heard.
        var isHeard = (HostId host) => host == self.Host
            || (_epochs.ContainsKey(host) && _detectors.TryGetValue(host, out var detector) && !detector.IsSuspected && detector.Silence(Now) < 4 * BeatEvery);
        if (_links.Look(Now, isHeard, host => CostOf(host, plan)) is { } broken)
            AddFaultLocked(broken.Host, $"it and {broken.Other} do not hear each other, though this host hears both: it is left out for {broken.Hold.TotalSeconds:0} s");
        foreach (var held in _links.Held(Now))
            _detectors.GetValueOrDefault(held)?.Suspect();
    }

    /// <summary>What it costs to do without a host: its experts have standbys, other parts make every sequence be computed again. Null for this host, and where no other has its roles.</summary>
    private int? CostOf(HostId host, PlacementPlan plan)
    {
        var rest = _described.Where(other => other.Key != host && !_draining.ContainsKey(other.Key) && !IsSuspectedLocked(other.Key))
            .Aggregate(HostRoles.None, (roles, other) => roles | other.Value.Roles);
        if (host == self.Host || (rest | HostRoles.Gateway) != HostRoles.Any)
            return null;
        var owned = PlanParts.OwnedBy(plan, host);
        var isDear = owned.Layers.Count > 0 || owned.Vocabulary || plan.Replicas.Any(replica => replica.Engine == host);
        return owned.Experts.Count + (isDear ? 1_000_000 : 0);
    }

    private bool IsSuspectedLocked(HostId host) => _detectors.TryGetValue(host, out var detector) && detector.IsSuspected;

    private HostDoor Door(HostId host) => new(host, host == self.Host ? self.ClientAddress : _doors.GetValueOrDefault(host, ""));

    private void AddFaultLocked(HostId host, string what)
    {
        what = what.Split('\n')[0];
        Fault(logger, host, what);
        _faults.Enqueue(new ClusterFault(clock.GetUtcNow(), host, what));
        while (_faults.Count > FaultsMax)
            _faults.Dequeue();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host}: {What}")]
    private static partial void Fault(ILogger logger, HostId host, string what);
}
