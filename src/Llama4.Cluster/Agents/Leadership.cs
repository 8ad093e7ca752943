using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;

namespace Llama4.Cluster.Agents;

/// <summary>
/// A leader's work: it looks at the hosts every few beats, decides with <see cref="PlanSituation"/> whether another plan is needed, makes it
/// and has it carried out. One plan after the other; what happens meanwhile is seen at the next look.
/// </summary>
internal sealed partial class Leadership(
    HostAgentOptions options, PlanMaker maker, Peers peers, HostDuties duties, PlanChange change, PlanBoard board, IMembers members, TimeProvider clock,
    ILogger<HostAgent> logger)
{
    private static readonly TimeSpan LookEvery = TimeSpan.FromMilliseconds(20);

    /// <summary>Hosts that start together are planned for together.</summary>
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(300);

    /// <summary>After a plan in haste sequences are computed again; the plan that makes up for it would stop the engines in the middle of that.</summary>
    private static readonly TimeSpan QuietAfterHaste = TimeSpan.FromSeconds(2);

    /// <summary>Hosts whose last answer tells of an earlier plan have had so long to answer again.</summary>
    private static readonly TimeSpan RemindEvery = TimeSpan.FromMilliseconds(250);

    /// <summary>Experts that turn hot or cool one after the other do not make a plan each: every plan stops the engines for a moment.</summary>
    private static readonly TimeSpan BalanceEvery = TimeSpan.FromSeconds(2);

    private readonly Lock _gate = new();
    private readonly CancellationTokenSource _stop = new();
    private readonly LoadWatch _load = new(maker.Experts, options.Load, options.Ranges, clock);
    private Task _work = Task.CompletedTask;

    /// <summary>What the last look failed with, told once: there are fifty looks a second.</summary>
    private string? _failure;
    private int _leads;
    private PlanRecord? _record;
    private bool _isCommitted;
    private bool _wasHasty;
    private long _rebalancesAsked;
    private long _rebalancesDone;

    /// <summary>What is waited for passes by itself, mostly: who is silent answers again or is declared dead, the store comes back.</summary>
    private volatile bool _mayPass;
    private long _settled;
    private long _reminded;
    private Task _reminding = Task.CompletedTask;
    private (string Hosts, long Since) _seen = ("", 0);

    /// <summary>Of this host's lead; 0 while it does not lead.</summary>
    public long Term
    {
        get
        {
            lock (_gate)
                return IsLeading ? _record!.Term : 0;
        }
    }

    public bool IsLeading { get; private set; }

    /// <summary>Why there is no (better) plan; null when nothing is waited for.</summary>
    public string? Waiting { get; private set; }

    private bool IsRebalanceAsked => Interlocked.Read(ref _rebalancesAsked) > _rebalancesDone;

    /// <summary>The register has this host as its leader.</summary>
    public void Begin(PlanRecord record)
    {
        lock (_gate)
        {
            // Plans of an earlier life of the cluster, all of whose hosts are gone, say nothing to this one; only their epochs count.
            var isOurs = record.Plan is { } plan && plan.Hosts.Any(members.Active.Contains);
            _record = isOurs ? record : record with { Plan = null };
            (_isCommitted, _wasHasty, IsLeading) = (false, false, true);
            _seen = ("", clock.GetTimestamp());
            _load.Begin(_record.Plan);
        }
        Leads(logger, record.Term);
        _work = WorkAsync(_work, ++_leads);
    }

    public void StepDown()
    {
        lock (_gate)
            IsLeading = false;
    }

    /// <summary>Rows that a host's experts ran, for the balance of load.</summary>
    /// <param name="rows">[layers * experts]; null for none.</param>
    public void Count(int[]? rows)
    {
        if (rows is not null && IsLeading)
            _load.Count(rows);
    }

    public async Task EndAsync()
    {
        StepDown();
        await _stop.CancelAsync();
        board.Tick(); // the agent's thread does so no more: whoever waits for others to load looks once more
        await _work;
    }

    /// <summary>Never throws. Ends when this host does not lead any more, or leads anew.</summary>
    /// <param name="before">The work of an earlier lead, which may not have noticed its end.</param>
    private async Task WorkAsync(Task before, int lead)
    {
        await before;
        while (IsLeading && _leads == lead && !_stop.IsCancellationRequested)
        {
            await Task.WhenAny(Task.Delay(LookEvery, clock, _stop.Token));
            try
            {
                await LookAsync();
                _failure = null;
            }
            catch (Exception error)
            {
                if (error.Message != _failure)
                    WorkFailed(logger, error);
                _failure = error.Message;
                if (options.IsAlone)
                    duties.Fail(error);
            }
        }
    }

    private async Task LookAsync()
    {
        var all = members.Active;
        var candidates = peers.Candidates(all).Where(candidate => !change.HasFailed(candidate.Host)).ToArray();
        var plan = _record!.Plan;
        if (plan is null ? candidates.Length < options.HostsMin : plan.Hosts.Any(peers.IsWaitingFor))
            return;
        _load.Look();
        // Who has just come back may fall silent again in the middle of a plan: only one that cannot wait takes it back at once.
        var proven = candidates.Where(candidate => plan?.Hosts.Contains(candidate.Host) != false || !peers.IsOnProbation(candidate.Host)).ToArray();
        var situation = new PlanSituation(plan, _isCommitted, all, [.. proven.Select(candidate => candidate.Host)], peers.Draining)
        {
            Silent = [.. peers.Suspects.Select(suspect => suspect.Host)],
            WasHasty = _wasHasty,
            Rebalance = IsRebalanceAsked,
        };
        if (plan is not null && situation.Need == PlanNeed.None)
            situation = situation with { IsUneven = IsUneven(plan, proven) };
        var need = situation.Need;
        if (need == PlanNeed.None)
            Remind(plan!);
        else if (need == PlanNeed.CommitAgain && plan!.Hosts.Any(peers.IsUnheard))
            return; // their first answers tell whether it is in force
        else if (need == PlanNeed.TooFew)
            Wait("fewer than half of the plan's hosts answer", mayPass: true);
        else if (need != PlanNeed.Better)
            await PlanAsync(need, candidates, isUneven: false);
        else if (IsQuiet(proven))
            await PlanAsync(need, proven, situation.IsUneven);
    }

    private bool IsUneven(PlacementPlan plan, HostDescription[] candidates)
    {
        _load.LookAtRanges(plan, [.. candidates.Select(candidate => candidate.Capacity)], Better);
        return _load.MovesRanges || (_load.HasOtherHot && clock.GetElapsedTime(_seen.Since) > BalanceEvery);

        PlacementPlan Better()
        {
            try
            {
                return Make(PlanNeed.Better, candidates, movesRanges: true);
            }
            catch (PlacementException)
            {
                return plan; // what the plan in force was made for fits no more: no other is better
            }
        }
    }

    private void Remind(PlacementPlan plan)
    {
        Waiting = null;
        if (!_reminding.IsCompleted || clock.GetElapsedTime(_reminded) < RemindEvery)
            return;
        _reminded = clock.GetTimestamp();
        if (peers.Behind(plan.Epoch) is { Length: > 0 } behind)
            _reminding = change.RemindAsync(_record!.Term, plan, behind);
    }

    private bool IsQuiet(HostDescription[] candidates)
    {
        var hosts = string.Join(' ', candidates.Select(candidate => candidate.Host.Name));
        if (hosts != _seen.Hosts)
            _seen = (hosts, clock.GetTimestamp());
        return clock.GetElapsedTime(_seen.Since) > (_wasHasty ? QuietAfterHaste : Quiet);
    }

    /// <param name="isUneven">Nothing but measured load asks for another plan.</param>
    private async Task PlanAsync(PlanNeed need, HostDescription[] candidates, bool isUneven)
    {
        var current = _record!.Plan;
        var rebalances = Interlocked.Read(ref _rebalancesAsked); // one that is asked for from here on is for the next plan
        var hot = _load.Hot;
        var next = current;
        if (need != PlanNeed.CommitAgain)
        {
            try
            {
                next = Make(need, candidates, _load.MovesRanges);
            }
            catch (PlacementException impossible)
            {
                _rebalancesDone = rebalances;
                if (current is not null)
                    peers.StopInheritedDrains(current);
                Wait(impossible.Message, mayPass: members.Active.Except(peers.Draining).Except(candidates.Select(candidate => candidate.Host)).Any());
                if (options.IsAlone)
                    duties.Fail(impossible);
                return;
            }
        }
        if (isUneven && !_load.MovesRanges && LoadWatch.SecondOwners(next).SequenceEqual(LoadWatch.SecondOwners(current)))
        {
            _load.Planned(hot); // there is no room for a second owner, or there never was
            return;
        }
        var goesOn = () => IsLeading && !_stop.IsCancellationRequested;
        if (!await change.PrepareAsync(_record.Term, next!, duties, options.IsAlone, goesOn) || !IsLeading)
            return;
        if (!ReferenceEquals(next, current))
        {
            if (need != PlanNeed.Urgent && (!await change.MoveKvAsync(_record.Term, board.Current, next!) || !IsLeading))
                return;
            var record = new PlanRecord(next!.Epoch, options.Host.Host, next);
            if (!await change.WriteAsync(_record.Term, record, goesOn, reason => Wait(reason, mayPass: true)))
            {
                StepDown();
                return;
            }
            lock (_gate)
                (_record, _isCommitted) = (record, false);
            _load.Planned(hot);
            _load.BeginPlan();
        }
        var isServed = ReferenceEquals(next, current) && board.Current?.Epoch == next!.Epoch && peers.AllServe(next);
        _isCommitted = isServed ? await change.GoOnAsync(_record.Term, next!) : await change.SwitchAsync(_record.Term, board.Current, next!);
        if (!_isCommitted)
            return;
        (_wasHasty, _rebalancesDone, Waiting) = (need == PlanNeed.Urgent, rebalances, null);
        _seen = (_seen.Hosts, clock.GetTimestamp());
        _reminded = clock.GetTimestamp();
        Interlocked.Exchange(ref _settled, next!.Epoch);
        board.Tick();
    }

    /// <exception cref="PlacementException">None is possible.</exception>
    private PlacementPlan Make(PlanNeed need, HostDescription[] candidates, bool movesRanges)
    {
        var current = _record!.Plan;
        var measured = new MeasuredLoad(_load.Hot, _load.Rates, movesRanges);
        var plan = maker.Make(_record.Term + 1, IsRebalanceAsked ? null : current, candidates, measured, need == PlanNeed.Urgent);
        return plan with { Follows = current?.Epoch ?? 0 };
    }

    private void Wait(string reason, bool mayPass)
    {
        if (Waiting != reason)
            NoPlan(logger, reason);
        (_mayPass, Waiting) = (mayPass, reason);
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "This host leads the cluster, term {Term}")]
    private static partial void Leads(ILogger logger, long term);

    [LoggerMessage(Level = LogLevel.Warning, Message = "No other plan: {Reason}")]
    private static partial void NoPlan(ILogger logger, string reason);

    [LoggerMessage(Level = LogLevel.Error, Message = "Making a plan failed")]
    private static partial void WorkFailed(ILogger logger, Exception error);
}
