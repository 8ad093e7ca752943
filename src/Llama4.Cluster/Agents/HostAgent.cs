using System.Collections.Concurrent;
using Llama4.Cluster.Calls;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>This host's part in agreeing on plans (docs/decisions/faults.md): hears and sends beats, carries out what the leader asks, leads when it is its turn.</summary>
internal sealed partial class HostAgent(
    HostAgentOptions options, ModelHost host, PlanBoard board, ExpertCounts counts, IGrainFactory grains, IClusterMembershipService membership,
    IPlanRegister register, TimeProvider clock, ILogger<HostAgent> logger) : IAsyncDisposable
{
    private static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(10);
    private static readonly TimeSpan LateTick = TimeSpan.FromMilliseconds(50);
    private static readonly TimeSpan BeatEvery = TimeSpan.FromMilliseconds(20);
    private static readonly TimeSpan RankDelay = TimeSpan.FromMilliseconds(50);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _serving = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Dictionary<HostId, Known> _known = [];
    private readonly Queue<ClusterFault> _faults = [];
    private readonly HashSet<HostId> _draining = [];
    private Thread? _thread;
    private long _term;
    private HeartbeatDetector _leaderDetector = new(TimeSpan.Zero, BeatEvery);
    private bool _leading;
    private bool _trying;
    private bool _rebalance;
    private string? _waiting;

    private sealed class Known
    {
        public required HostDescription Description { get; set; }
        public required HeartbeatDetector Detector { get; init; }
        public long Epoch { get; set; }
        public bool Suspected => Detector.IsSuspected;
    }

    private TimeSpan Now => clock.GetElapsedTime(0);

    public HostDescription Description => options.Host;

    /// <summary>Completes when a plan is in force here for the first time, or with why the first could not be.</summary>
    public Task ServingAsync(CancellationToken cancellation) => _serving.Task.WaitAsync(cancellation);

    public void Start()
    {
        _leaderDetector = new HeartbeatDetector(Now, BeatEvery);
        _thread = new Thread(Run) { IsBackground = true, Name = "host agent", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    public ValueTask HearBeat(LeaderBeat beat)
    {
        lock (_gate)
        {
            if (beat.Term < _term)
                return grains.GetGrain<IHostGrain>(beat.Leader.Name).AnswerAsync(Answer());
            if (beat.Term > _term || (_leading && beat.Leader != host.Id))
                _leading = beat.Leader == host.Id;
            if (board.Leader != beat.Leader)
                _leaderDetector = new HeartbeatDetector(Now, BeatEvery);
            _term = beat.Term;
            _leaderDetector.Hear(Now);
            board.Follow(beat.Leader);
            board.Suspect([.. beat.Suspects.Where(suspect => suspect.Host != host.Id)]);
        }
        return grains.GetGrain<IHostGrain>(beat.Leader.Name).AnswerAsync(Answer());
    }

    public ValueTask HearAnswer(HostAnswer answer)
    {
        lock (_gate)
        {
            if (answer.Term > _term)
            {
                _term = answer.Term;
                _leading = false;
                return ValueTask.CompletedTask;
            }
            if (!_known.TryGetValue(answer.Host.Host, out var known))
                _known.Add(answer.Host.Host, known = new Known { Description = answer.Host, Detector = new HeartbeatDetector(Now, BeatEvery) });
            known.Detector.Hear(Now);
            known.Epoch = answer.Epoch;
        }
        return ValueTask.CompletedTask;
    }

    public bool HearsLeader(long term)
    {
        lock (_gate)
            return _term > term || (_term == term && (_leading || _leaderDetector.Silence(Now) < _leaderDetector.Threshold));
    }

    public async Task PrepareAsync(long term, PlacementPlan plan)
    {
        RequireTerm(term);
        await host.Weights.EnsureAsync(plan, _stop.Token);
        foreach (var (replica, layer) in AttentionOf(plan))
            await grains.GetAttention(replica, layer, host.Id).PrepareAsync();
    }

    public async Task PauseAsync(long term, long epoch, bool abandon)
    {
        RequireTerm(term);
        foreach (var replica in board.Current?.Replicas ?? [])
        {
            if (replica.Engine == host.Id)
                await grains.GetEngine(replica.Replica, host.Id).PauseAsync(epoch, abandon);
        }
    }

    public Task CommitAsync(long term, PlacementPlan plan)
    {
        RequireTerm(term);
        _before = board.Current;
        board.Publish(plan);
        return Task.CompletedTask;
    }

    private PlacementPlan? _before;

    public async Task ResumeAsync(long term, long epoch)
    {
        RequireTerm(term);
        var plan = board.Current!;
        var engines = plan.Replicas.Where(replica => replica.Engine == host.Id).Select(replica => replica.Replica)
            .Union((_before?.Replicas ?? []).Where(replica => replica.Engine == host.Id).Select(replica => replica.Replica));
        foreach (var replica in engines)
            await grains.GetEngine(replica, host.Id).ResumeAsync(epoch);
        _serving.TrySetResult();
    }

    public async Task ReleaseAsync(long term, long epoch)
    {
        RequireTerm(term);
        if (board.Current is not { } plan || plan.Epoch != epoch)
            return;
        var kept = AttentionOf(plan).ToHashSet();
        foreach (var (replica, layer) in _before is null ? [] : AttentionOf(_before))
        {
            if (!kept.Contains((replica, layer)))
                await grains.GetAttention(replica, layer, host.Id).ReleaseAsync();
        }
        await host.Weights.TrimAsync([plan]);
    }

    public async Task<HostStatus> StatusAsync()
    {
        var engines = new List<EngineStatus>();
        foreach (var replica in board.Current?.Replicas ?? [])
        {
            if (replica.Engine == host.Id)
                engines.Add(await grains.GetEngine(replica.Replica, host.Id).StatusAsync());
        }
        var own = options.Host;
        return new HostStatus(
            host.Id, HostCondition.Alive, own.ProcessId, own.Address, own.Roles, own.Zone, board.Current?.Epoch ?? 0, host.Weights.WeightBytes, own.Bytes, counts.RowsPerS, [.. engines]);
    }

    public async Task<ClusterStatus> ClusterStatusAsync()
    {
        HostId[] hosts;
        Dictionary<HostId, (HostDescription Description, bool Suspected)> known;
        ClusterFault[] faults;
        HashSet<HostId> draining;
        lock (_gate)
        {
            hosts = Members();
            known = _known.ToDictionary(one => one.Key, one => (one.Value.Description, one.Value.Suspected));
            faults = [.. _faults.Reverse()];
            draining = [.. _draining];
        }
        var statuses = await Task.WhenAll(hosts.Select(async id =>
        {
            var described = known.TryGetValue(id, out var one) ? one.Description : null;
            var condition = described is null && id != host.Id ? HostCondition.Joining : one.Suspected ? HostCondition.Suspected : draining.Contains(id) ? HostCondition.Draining : HostCondition.Alive;
            try
            {
                if (condition != HostCondition.Suspected)
                {
                    var status = id == host.Id ? await StatusAsync() : await grains.GetGrain<IHostGrain>(id.Name).StatusAsync();
                    return status with { Condition = condition };
                }
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                condition = HostCondition.Suspected;
            }
            return new HostStatus(id, condition, described?.ProcessId ?? 0, described?.Address ?? "", described?.Roles ?? HostRoles.None, described?.Zone ?? "", 0, 0, described?.Bytes ?? 0, 0, []);
        }));
        return new ClusterStatus(board.Current?.Epoch ?? 0, board.Leader ?? host.Id, board.Current, _waiting, statuses, faults);
    }

    public async Task DrainAsync(HostId leaving)
    {
        if (!Members().Contains(leaving))
            throw new ClusterRequestException($"there is no host {leaving}; there are {string.Join(", ", Members())}");
        lock (_gate)
            _draining.Add(leaving);
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (true)
        {
            var changed = board.Changed;
            if (board.Current is { } plan && !Holds(plan, leaving) && _settled == plan.Epoch)
                return;
            if (_waiting is { } reason && _refused)
            {
                lock (_gate)
                    _draining.Remove(leaving);
                throw new ClusterRequestException($"host {leaving} cannot be drained: {reason}");
            }
            await changed.WaitAsync(limit.Token);
        }
    }

    public async Task<long> RebalanceAsync()
    {
        var before = board.Current?.Epoch ?? 0;
        lock (_gate)
            _rebalance = true;
        using var limit = new CancellationTokenSource(TimeSpan.FromMinutes(10));
        while (true)
        {
            var changed = board.Changed;
            if (_settled > before)
                return _settled;
            if (_waiting is { } reason && _refused)
                throw new ClusterRequestException($"no other plan is possible: {reason}");
            await changed.WaitAsync(limit.Token);
        }
    }

    public async Task LeaveAsync(TimeSpan limit, CancellationToken cancellation)
    {
        using var time = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        time.CancelAfter(limit);
        if (Members().Length < 2)
            return;
        try
        {
            var leader = board.Leader ?? host.Id;
            await grains.GetGrain<IHostGrain>(leader.Name).DrainAsync(host.Id).AsTask().WaitAsync(time.Token);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException or ClusterRequestException or OperationCanceledException)
        {
            NotDrained(logger, error.Message);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _thread?.Join();
        _serving.TrySetCanceled();
    }

    private void Run()
    {
        var last = clock.GetTimestamp();
        for (var tick = 0; !_stop.IsCancellationRequested; tick++)
        {
            Thread.Sleep(TickEvery);
            var now = clock.GetTimestamp();
            var late = clock.GetElapsedTime(last, now);
            last = now;
            lock (_gate)
            {
                if (late > LateTick)
                    ForgiveOwnPause(late);
                try
                {
                    Tick(tick);
                }
                catch (Exception error)
                {
                    TickFailed(logger, error);
                }
            }
            board.Tick();
        }
    }

    /// <summary>Who was not running itself has no right to call others silent.</summary>
    private void ForgiveOwnPause(TimeSpan late)
    {
        _leaderDetector.Forgive(late);
        foreach (var known in _known.Values)
            known.Detector.Forgive(late);
    }

    private void Tick(int tick)
    {
        var members = Members();
        if (_leading)
        {
            LookForSuspects(members);
            if (tick % 2 == 0)
                SendBeats(members);
            return;
        }
        var rank = members.Where(member => member != board.Leader).Order(Comparer<HostId>.Create((a, b) => string.CompareOrdinal(a.Name, b.Name))).ToList().IndexOf(host.Id);
        if (!_trying && rank >= 0 && _leaderDetector.Silence(Now) > _leaderDetector.Threshold + rank * RankDelay && members.Length >= options.HostsMin)
        {
            _trying = true;
            _ = TryLeadAsync(members);
        }
    }

    private void LookForSuspects(HostId[] members)
    {
        foreach (var (id, known) in _known)
        {
            if (id != host.Id && known.Detector.Look(Now))
                AddFault(id, $"silent for {known.Detector.Silence(Now).TotalMilliseconds:0} ms");
        }
        foreach (var gone in _known.Keys.Except(members).ToList())
        {
            _known.Remove(gone);
            _draining.Remove(gone);
        }
        board.Suspect([.. Suspects]);
    }

    private void SendBeats(HostId[] members)
    {
        var beat = new LeaderBeat(_term, host.Id, board.Current?.Epoch ?? 0, [.. Suspects], members);
        foreach (var member in members)
        {
            if (member != host.Id)
                _ = grains.GetGrain<IHostGrain>(member.Name).BeatAsync(beat).AsTask();
        }
    }

    private IEnumerable<HostDoor> Suspects => _known.Values.Where(known => known.Suspected).Select(known => known.Description.Door);

    private HostAnswer Answer() => new(_term, board.Current?.Epoch ?? 0, options.Host, counts.Take());

    private HostId[] Members() =>
        [.. membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => new HostId(member.Name)).OrderBy(id => id.Name, StringComparer.Ordinal)];

    private void RequireTerm(long term)
    {
        lock (_gate)
        {
            if (term < _term)
                throw new StaleEpochException($"host {host.Id}", _term, term);
        }
    }

    private IEnumerable<(int Replica, int Layer)> AttentionOf(PlacementPlan plan) =>
        plan.Replicas.SelectMany(replica => replica.Stages.Where(stage => stage.Host == host.Id)
            .SelectMany(stage => Enumerable.Range(stage.FirstLayer, stage.Layers).Select(layer => (replica.Replica, layer))));

    /// <summary>Something is asked of the host under this plan.</summary>
    private static bool Owns(PlacementPlan plan, HostId id) =>
        plan.Replicas.Any(replica => replica.Engine == id || replica.Vocabulary == id || replica.Stages.Any(stage => stage.Host == id))
        || plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Host == id));

    /// <summary>It owns something or stands by for it.</summary>
    private static bool Holds(PlacementPlan plan, HostId id) =>
        Owns(plan, id)
        || plan.Replicas.Any(replica => replica.VocabularyStandbys.Contains(id) || replica.Stages.Any(stage => stage.Standbys.Contains(id)))
        || plan.Layers.Any(layer => layer.ExpertGroups.Any(group => group.Standbys.Contains(id)));

    private void AddFault(HostId id, string what)
    {
        what = what.Split('\n')[0];
        Fault(logger, id, what);
        _faults.Enqueue(new ClusterFault(clock.GetUtcNow(), id, what));
        while (_faults.Count > 64)
            _faults.Dequeue();
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Host {Host}: {What}")]
    private static partial void Fault(ILogger logger, HostId host, string what);

    [LoggerMessage(Level = LogLevel.Warning, Message = "This host leaves with what it owns: {Reason}")]
    private static partial void NotDrained(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The agent's tick failed")]
    private static partial void TickFailed(ILogger logger, Exception error);

    [LoggerMessage(Level = LogLevel.Information, Message = "This host leads the cluster, term {Term}")]
    private static partial void Leads(ILogger logger, long term);

    [LoggerMessage(Level = LogLevel.Information, Message = "Plan epoch {Epoch} over {Hosts} hosts is in force: prepared in {PreparedMs} ms, engines stood still for {PausedMs} ms")]
    private static partial void InForce(ILogger logger, long epoch, int hosts, double preparedMs, double pausedMs);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No plan: {Reason}")]
    private static partial void NoPlan(ILogger logger, string reason);
}
