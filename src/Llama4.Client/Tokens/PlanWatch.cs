using System.Net;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Llama4.Client.Tokens;

/// <summary>
/// The plan as a client without a silo sees it: it asks silos in turn. A silo that does not answer is passed over: the next question has another key, which
/// Orleans sends through another silo.
/// </summary>
internal sealed partial class PlanWatch(IGrainFactory grains, Shunned shunned, TimeProvider clock, ILogger<PlanWatch> logger) : BackgroundService, IPlanSource
{
    private static readonly TimeSpan AskEvery = TimeSpan.FromMilliseconds(50);

    /// <summary>Questions under way at once, so that one lost in a frozen silo holds up nothing.</summary>
    private const int QuestionsMax = 8;

    /// <summary>Who told of suspects may be gone itself, and the suspects be the only hosts left.</summary>
    private static readonly TimeSpan ForgetAfter = TimeSpan.FromMilliseconds(500);

    private volatile PlacementPlan? _plan;
    private HostId? _leader;
    private string[] _suspects = [];
    private SuspicionAge _suspectsAge;
    private TaskCompletionSource _changed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _questions;

    /// <summary>When a silo last answered.</summary>
    private long _answered;

    public PlacementPlan? Plan => _plan;

    public HostId? Leader => _leader;

    public Task Changed => Volatile.Read(ref _changed).Task;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var timer = new PeriodicTimer(AskEvery, clock);
        for (long key = 0; await timer.WaitForNextTickAsync(stoppingToken); key++)
        {
            Interlocked.Exchange(ref _changed, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).SetResult();
            if (Volatile.Read(ref _questions) < QuestionsMax)
                _ = AskAsync(key);
            lock (grains)
            {
                if (clock.GetElapsedTime(_answered) > ForgetAfter)
                    Shun([]);
            }
        }
    }

    /// <summary>Never throws: the next question is asked anyway.</summary>
    private async Task AskAsync(long key)
    {
        Interlocked.Increment(ref _questions);
        try
        {
            var view = await grains.GetPlanView(key).GetAsync(_plan?.Epoch ?? 0);
            lock (grains)
            {
                _answered = clock.GetTimestamp();
                if (view.Plan is { } plan && plan.Epoch > (_plan?.Epoch ?? 0))
                    _plan = plan;
                // A silo that is behind may answer last.
                if (view.SuspectsAge.CompareTo(_suspectsAge) < 0)
                    return;
                (_leader, _suspectsAge) = (view.Leader ?? _leader, view.SuspectsAge);
                // One that misses most of the others may be cut off itself; those make plans without it.
                Shun(_plan is { } present && 2 * view.Suspects.Length > present.Hosts.Length ? [] : view.Suspects);
            }
        }
        catch (Exception error) when (error is OrleansException or TimeoutException or OperationCanceledException)
        {
            NoAnswer(logger, error.Message);
        }
        finally
        {
            Interlocked.Decrement(ref _questions);
        }
    }

    private void Shun(string[] suspects)
    {
        if (suspects.AsSpan().SequenceEqual(_suspects))
            return;
        _suspects = suspects;
        shunned.Set(suspects.Select(IPEndPoint.Parse));
    }

    [LoggerMessage(Level = LogLevel.Debug, Message = "No silo tells the plan: {Reason}")]
    private static partial void NoAnswer(ILogger logger, string reason);
}
