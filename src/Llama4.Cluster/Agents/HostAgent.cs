using System.Collections.Concurrent;
using Llama4.Cluster.Calls;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>
/// This host's part in agreeing on plans (docs/decisions/faults.md): it hears and sends beats on a thread of its own, takes the lead when it is its turn,
/// and carries out what the leader asks.
/// </summary>
internal sealed partial class HostAgent : IAsyncDisposable
{
    public static readonly TimeSpan TickEvery = TimeSpan.FromMilliseconds(10);

    /// <summary>A tick that comes later than this tells that this host itself stood still.</summary>
    private static readonly TimeSpan LateTick = TimeSpan.FromMilliseconds(50);

    /// <summary>Who was suspected for no longer than this was never away: 500 ms of it are answers.</summary>
    private static readonly TimeSpan Away = TimeSpan.FromSeconds(1.2);

    private readonly HostAgentOptions _options;
    private readonly HostId _self;
    private readonly IHostParts _parts;
    private readonly PlanBoard _board;
    private readonly Links _links;
    private readonly ExpertCounts _counts;
    private readonly RoutedTokens _routed;
    private readonly IGrainFactory _grains;
    private readonly IMembers _members;
    private readonly TimeProvider _clock;
    private readonly ILogger<HostAgent> _logger;
    private readonly Peers _peers;
    private readonly Election _election;
    private readonly HostDuties _duties;
    private readonly Leaving _leaving;
    private readonly CancellationTokenSource _stop = new();
    private Thread? _thread;
    private long _last;
    private volatile bool _isDraining;
    private int _tick;

    /// <summary>Suspects, and since when they are.</summary>
    private readonly ConcurrentDictionary<HostId, long> _suspectedSince = [];

    public HostAgent(
        HostAgentOptions options, PlanMaker maker, IHostParts parts, PlanBoard board, Links links, ExpertCounts counts, RoutedTokens routed, IGrainFactory grains, IMembers members,
        IPlanRegister register, TimeProvider clock, ILogger<HostAgent> logger)
    {
        (_options, _self, _parts, _board, _links, _counts, _routed, _grains, _members, _clock, _logger) =
            (options, options.Host.Host, parts, board, links, counts, routed, grains, members, clock, logger);
        _last = clock.GetTimestamp();
        _peers = new Peers(options.Host, clock, logger);
        _duties = new HostDuties(_self, parts, board, grains);
        var change = new PlanChange(_peers, board, grains, register, members, clock, logger);
        Leadership = new Leadership(options, maker, _peers, _duties, change, board, members, clock, logger);
        _election = new Election(options, _peers, board, grains, register, Leadership, clock, logger);
        _leaving = new Leaving(_self, _election, board, grains, members, clock, logger);
    }

    public HostDescription Description => _options.Host;

    public Leadership Leadership { get; }

    /// <summary>Since the agent's thread has last looked; some 10 ms while it works.</summary>
    public TimeSpan SinceTick => _clock.GetElapsedTime(Volatile.Read(ref _last));

    /// <summary>Since a leader was last heard; nothing where this host leads.</summary>
    public TimeSpan LeaderSilence => _election.LeaderSilence;

    /// <summary>Whether the leader gives this host nothing any more, since an operator or the host itself has asked for that.</summary>
    public bool IsDraining => Leadership.IsLeading ? _peers.Draining.Contains(_self) : _isDraining;

    /// <summary>Completes when a plan is in force here for the first time, or with why the first could not be.</summary>
    public Task ServingAsync(CancellationToken cancellation) => _duties.Serving.WaitAsync(cancellation);

    public void Start()
    {
        _thread = new Thread(Run) { IsBackground = true, Name = "host agent", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    public ValueTask HearBeat(LeaderBeat beat)
    {
        if (_election.Hear(beat))
        {
            Suspect([.. beat.Suspects.Where(suspect => suspect.Host != _self)], new SuspicionAge(beat.Term, beat.Number));
            _peers.Remember(beat.Hosts, beat.Draining ?? []);
            _isDraining = beat.Draining?.Contains(_self) ?? false;
        }
        return _grains.GetGrain<IHostGrain>(beat.Leader.Name).AnswerAsync(
            new HostAnswer(_election.Term, _board.Current?.Epoch ?? 0, _options.Host, _counts.Take(), _links.Unheard()));
    }

    public ValueTask HearAnswer(HostAnswer answer)
    {
        if (_election.HearTerm(answer.Term))
        {
            _peers.Hear(answer.Host, answer.Epoch);
            _peers.Complain(answer.Host.Host, answer.Unheard);
            Leadership.Count(answer.ExpertRows);
        }
        return ValueTask.CompletedTask;
    }

    public bool HearsLeader(long term) => _election.HearsLeader(term);

    public Task PrepareAsync(long term, PlacementPlan plan)
    {
        _election.Require(term);
        return _duties.PrepareAsync(plan, _stop.Token);
    }

    public Task MoveKvAsync(long term, PlacementPlan next)
    {
        _election.Require(term);
        return _duties.MoveKvAsync(next);
    }

    public Task<HeldKv[]> PauseAsync(long term, PlacementPlan next, bool abandon)
    {
        _election.Require(term);
        return _duties.PauseAsync(next, abandon);
    }

    public Task CommitAsync(long term, PlacementPlan plan)
    {
        _election.Require(term);
        _duties.Commit(plan);
        return Task.CompletedTask;
    }

    public Task ResumeAsync(long term, long epoch, HeldKv[] held)
    {
        _election.Require(term);
        return _duties.ResumeAsync(epoch, held);
    }

    public Task ReleaseAsync(long term, long epoch)
    {
        _election.Require(term);
        return _duties.ReleaseAsync(epoch);
    }

    /// <summary>Gives away what this host owns.</summary>
    public Task LeaveAsync(TimeSpan limit, CancellationToken cancellation) => _leaving.GiveAwayAsync(limit, cancellation);

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        _thread?.Join();
        await Leadership.EndAsync();
        _duties.Fail(new OperationCanceledException("the host stops"));
    }

    private void Run()
    {
        while (!_stop.IsCancellationRequested)
        {
            Thread.Sleep(TickEvery);
            Tick();
        }
    }

    /// <summary>To be called every <see cref="TickEvery"/>; one call at a time. Never throws.</summary>
    public void Tick()
    {
        var late = _clock.GetElapsedTime(_last);
        _last = _clock.GetTimestamp();
        try
        {
            if (late > LateTick)
            {
                _peers.Forgive(late);
                _election.Forgive(late);
                _links.Forgive(late);
            }
            Act(_tick++);
        }
        catch (Exception error)
        {
            TickFailed(_logger, error);
        }
        _board.Tick();
    }

    private void Act(int tick)
    {
        var members = _members.Active;
        _links.Keep(members);
        foreach (var host in _links.TakeProbes())
            _ = ProbeAsync(host);
        if (!Leadership.IsLeading)
        {
            if (_election.Missed is { } missed && !_board.IsSuspected(missed))
                Suspect([.. _board.Suspects, .. _peers.Doors([missed])], _board.SuspectsAge);
            _election.Tick(members);
            return;
        }
        _peers.Complain(_self, _links.Unheard());
        _peers.Look(members, _board.Current);
        var suspects = _peers.Suspects;
        Suspect(suspects, new SuspicionAge(_election.Term, tick));
        if (tick % 2 == 0)
        {
            Leadership.Count(_counts.Take());
            var beat = new LeaderBeat(_election.Term, _self, _board.Current?.Epoch ?? 0, suspects, _peers.Doors(members), tick, _peers.Draining is { Length: > 0 } draining ? draining : null);
            foreach (var member in members.Where(member => member != _self))
                _ = _grains.GetGrain<IHostGrain>(member.Name).BeatAsync(beat).AsTask();
        }
    }

    private void Suspect(IReadOnlyCollection<HostDoor> hosts, SuspicionAge age)
    {
        _board.Suspect(hosts, age);
        foreach (var suspect in _board.Suspects)
            _suspectedSince.TryAdd(suspect.Host, _clock.GetTimestamp());
        foreach (var (host, since) in _suspectedSince)
        {
            if (!_board.IsSuspected(host) && _suspectedSince.TryRemove(host, out _) && _clock.GetElapsedTime(since) is var silent && silent > Away)
                _members.Renew(host, silent);
        }
    }

    /// <summary>Never throws: no answer is what it is to find out.</summary>
    private async Task ProbeAsync(HostId host)
    {
        try
        {
            await _grains.GetGrain<IHostGrain>(host.Name).HearsLeaderAsync(0);
            _links.Hear(host);
        }
        catch (Exception error) when (error is OrleansException or TimeoutException or OperationCanceledException)
        {
            NoAnswer(_logger, host, error.Message);
        }
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "Host {Host} does not answer a probe: {Reason}")]
    private static partial void NoAnswer(ILogger logger, HostId host, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "The agent's tick failed")]
    private static partial void TickFailed(ILogger logger, Exception error);
}
