using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>
/// Who leads: whom this host listens to, and when it tries to lead itself. Terms only grow; the register decides between hosts that try at once. Thread-safe.
/// </summary>
internal sealed partial class Election(
    HostAgentOptions options, Peers peers, PlanBoard board, IGrainFactory grains, IPlanRegister register, Leadership leadership, TimeProvider clock,
    ILogger<HostAgent> logger)
{
    /// <summary>Asked by one that has waited longer, four beats missed are enough to say no.</summary>
    private static readonly TimeSpan Misses = 4 * Peers.BeatEvery;

    /// <summary>Hosts try one after the other: the first has the register's answer before the second asks.</summary>
    private static readonly TimeSpan RankDelay = TimeSpan.FromMilliseconds(50);

    /// <summary>A newcomer hears the leader within a second: with the next refresh of membership, and a connection.</summary>
    private static readonly TimeSpan Newcomer = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan RetryDelay = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan AnswerLimit = TimeSpan.FromMilliseconds(100);

    private readonly Lock _gate = new();
    private HeartbeatDetector _leader = new(clock.GetElapsedTime(0), Peers.BeatEvery);
    private readonly TimeSpan _created = clock.GetElapsedTime(0);
    private long _term;
    private bool _hasHeard;
    private TimeSpan _nextTry;
    private bool _isTrying;
    private bool _isStoreAway;

    private TimeSpan Now => clock.GetElapsedTime(0);

    /// <summary>The greatest heard of.</summary>
    public long Term
    {
        get
        {
            lock (_gate)
                return _term = Math.Max(_term, leadership.Term); // remembered also when this host leads no more
        }
    }

    /// <summary>Whom this host listens to, where that is another: one that leads no more may not have heard of the next leader yet.</summary>
    private HostId? Followed => board.Leader is { } leader && leader != options.Host.Host ? leader : null;

    /// <summary>A beat came.</summary>
    /// <returns>False for a leader of the past.</returns>
    public bool Hear(LeaderBeat beat)
    {
        lock (_gate)
        {
            if (beat.Term < Math.Max(_term, leadership.Term))
                return false;
            if (beat.Term > leadership.Term)
                leadership.StepDown();
            if (board.Leader != beat.Leader)
                ListenAnew();
            _term = beat.Term;
            _leader.Hear(Now);
            _hasHeard = true;
            board.Follow(beat.Leader);
            return true;
        }
    }

    /// <summary>A host told the greatest term it knows; a leader of a lower one leads no more.</summary>
    /// <returns>False for that.</returns>
    public bool HearTerm(long term)
    {
        lock (_gate)
        {
            if (term <= leadership.Term)
                return true;
            if (leadership.IsLeading)
            {
                ListenAnew();
                // Whom it missed while it was cut off says nothing of them, and they are to be asked before it leads again.
                board.Suspect([], board.SuspectsAge);
            }
            leadership.StepDown();
            _term = Math.Max(_term, term);
            return false;
        }
    }

    public bool HearsLeader(long term)
    {
        lock (_gate)
            return Term > term || leadership.IsLeading || _leader.Silence(Now) < Misses;
    }

    /// <exception cref="StaleEpochException">The command is of a leader of the past.</exception>
    public void Require(long term)
    {
        lock (_gate)
        {
            if (term < Math.Max(_term, leadership.Term))
                throw new StaleEpochException($"host {options.Host.Host}", Math.Max(_term, leadership.Term), term);
            _term = Math.Max(_term, term);
        }
    }

    public void Forgive(TimeSpan pause)
    {
        lock (_gate)
            _leader.Forgive(Now, pause);
    }

    /// <summary>Since a leader was last heard; nothing where this host leads.</summary>
    public TimeSpan LeaderSilence
    {
        get
        {
            lock (_gate)
                return leadership.IsLeading ? TimeSpan.Zero : _leader.Silence(Now);
        }
    }

    /// <summary>The leader, if this host has not heard it for too long.</summary>
    public HostId? Missed
    {
        get
        {
            lock (_gate)
                return !leadership.IsLeading && Followed is { } leader && _leader.Silence(Now) > _leader.Threshold ? leader : null;
        }
    }

    /// <summary>Tries to lead when nobody has been heard for long enough and it is this host's turn.</summary>
    public void Tick(HostId[] members)
    {
        var rank = Array.IndexOf([.. members.Where(member => member != Followed)], options.Host.Host);
        lock (_gate)
        {
            if (_isTrying || rank < 0 || members.Length < options.HostsMin || Now < _nextTry || _leader.Silence(Now) < _leader.Threshold + (rank * RankDelay))
                return;
            _isTrying = true;
        }
        _ = TryAsync(members);
    }

    /// <summary>Never throws.</summary>
    private async Task TryAsync(HostId[] members)
    {
        try
        {
            var found = await register.ReadAsync();
            if (found is not null && IsNewer(found, members))
                return;
            var old = Followed ?? found?.Leader;
            if (old is { } leader && leader != options.Host.Host && members.Contains(leader))
            {
                // Who has just joined has not been found by the leader yet, and has no say in whether it is missed.
                var isNew = !_hasHeard && Now - _created < Newcomer;
                if (isNew || !await IsMissedAsync(leader, members))
                    return;
            }
            var next = new PlanRecord((found?.Term ?? 0) + 1, options.Host.Host, found?.Plan);
            if (await register.TrySetAsync(found?.Term ?? 0, next))
                Lead(next, members);
            _isStoreAway = false;
        }
        catch (Exception away)
        {
            if (!_isStoreAway)
                StoreAway(logger, away.Message);
            _isStoreAway = true;
        }
        finally
        {
            lock (_gate)
                (_isTrying, _nextTry) = (false, Now + RetryDelay);
        }
    }

    /// <summary>Another host took the lead a moment ago, and its beats are on their way: it gets its time to be heard.</summary>
    private bool IsNewer(PlanRecord found, HostId[] members)
    {
        lock (_gate)
        {
            if (found.Term <= Term || found.Leader == options.Host.Host || found.Leader == Followed || !_hasHeard || !members.Contains(found.Leader))
                return false;
            ListenAnew();
            _term = found.Term;
            board.Follow(found.Leader);
            return true;
        }
    }

    /// <summary>The next leader gets its time to be heard; how late leaders may be was learned from those before.</summary>
    private void ListenAnew() => _leader = new HeartbeatDetector(Now, Peers.BeatEvery, _leader);

    private void Lead(PlanRecord record, HostId[] members)
    {
        lock (_gate)
        {
            if (record.Term <= Term)
                return; // somebody was quicker, and his beats are here already
            var old = board.Leader;
            if (old is { } lost && lost != options.Host.Host)
                peers.AddFault(lost, "does not lead any more");
            peers.Begin(members, missed: old, _leader);
            _hasHeard = true;
            board.Follow(options.Host.Host);
            leadership.Begin(record);
        }
    }

    /// <summary>More than half of those asked, this host counted, do not hear the leader either. No answer is not a no.</summary>
    private async Task<bool> IsMissedAsync(HostId old, HostId[] members)
    {
        HostId[] others = [.. members.Where(member => member != old && member != options.Host.Host && !board.IsSuspected(member))];
        var hears = await Task.WhenAll(others.Select(async other =>
        {
            try
            {
                return await grains.GetGrain<IHostGrain>(other.Name).HearsLeaderAsync(Term).AsTask().WaitAsync(AnswerLimit, clock);
            }
            catch (Exception error) when (error is OrleansException or TimeoutException)
            {
                return true;
            }
        }));
        return 2 * (1 + hears.Count(hears => !hears)) > 1 + others.Length;
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "No leader is heard, and the store does not answer: {Reason}")]
    private static partial void StoreAway(ILogger logger, string reason);
}
