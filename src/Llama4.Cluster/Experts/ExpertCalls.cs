using Llama4.Cluster.Calls;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Traces;
using Llama4.Contracts;

namespace Llama4.Cluster.Experts;

/// <summary>
/// Asks an expert group on other hosts: the first owner that is not suspected, and the next one when that becomes suspected, fails or takes
/// too long. The first answer counts; a late one is thrown away. Calls are pure, so it does not matter who else still works on one.
/// </summary>
internal sealed class ExpertCalls(PlanBoard board, RemoteCalls remote, Links links, TimeProvider clock)
{
    private static readonly TimeSpan HedgeAfterLeast = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan HedgeAfterMost = TimeSpan.FromSeconds(10);

    /// <summary>An answer that takes so many times the longest of late is not coming: it costs only work to ask somebody else.</summary>
    private const int HedgeFactor = 8;

    /// <summary>One answer alone may only have met a fault: it counts as at most so many times the longest before it, or as the least that is waited.</summary>
    private const int GrowthMost = 2;

    /// <summary>The longest answer is forgotten by a fiftieth with each that comes.</summary>
    private const double Forgetting = 0.98;

    /// <summary>An owner without standbys is asked again: the question or its answer may be lost.</summary>
    private const int RoundsMax = 4;

    private double _longestS;

    private TimeSpan HedgeAfter => TimeSpan.FromSeconds(Math.Clamp(
        HedgeFactor * Volatile.Read(ref _longestS), HedgeAfterLeast.TotalSeconds, HedgeAfterMost.TotalSeconds));

    /// <param name="question">Disposed once no attempt needs it any more.</param>
    /// <param name="run">Told who answered; null where nobody asks.</param>
    /// <exception cref="HostUnreachableException">No owner is left.</exception>
    /// <exception cref="StaleEpochException">Another plan is in force here by now.</exception>
    public async Task<Rows> RunAsync(GroupOwners owners, long epoch, Rows question, RemoteRun? run = null)
    {
        var attempts = new List<(HostId Host, Task<Rows> Answer)>(1);
        var abandoned = new List<Task<Rows>>();
        var (tried, started) = (0, 0L);
        Exception? failure = null;
        try
        {
            while (true)
            {
                var changed = board.Changed;
                for (var i = attempts.Count - 1; i >= 0; i--)
                {
                    var (host, answer) = attempts[i];
                    if (answer.IsCompletedSuccessfully)
                    {
                        attempts.RemoveAt(i);
                        Learn(clock.GetElapsedTime(started));
                        return answer.Result;
                    }
                    if (!answer.IsCompleted && remote.Refusal(host, epoch) is null)
                        continue;
                    failure = answer.Exception?.InnerException ?? remote.Refusal(host, epoch);
                    attempts.RemoveAt(i);
                    abandoned.Add(answer);
                    if (failure is StaleEpochException)
                        throw failure;
                }
                if (attempts.Count == 0 || clock.GetElapsedTime(started) > HedgeAfter * (1 << (tried / owners.Hosts.Length)))
                {
                    // With none under way every owner had its chance once; with one under way it may have been lost on the way.
                    var most = owners.Hosts.Length * (attempts.Count == 0 ? 1 : RoundsMax);
                    while (tried < most && board.IsSuspected(owners.Hosts[tried % owners.Hosts.Length]))
                        tried++;
                    if (tried < most)
                    {
                        var next = tried++ % owners.Hosts.Length;
                        var call = run?.AskAsync(owners.Hosts[next], owners.Grains[next], epoch, question) ?? owners.Grains[next].RunAsync(epoch, question).AsTask();
                        attempts.Add((owners.Hosts[next], links.Observe(owners.Hosts[next], call)));
                        started = clock.GetTimestamp();
                    }
                    else
                    {
                        var why = attempts.Count > 0 ? $"{RoundsMax} rounds of questions" : $"{string.Join(", ", owners.Hosts)} are suspected";
                        throw failure as HostUnreachableException ?? new HostUnreachableException($"no owner of {owners.Grains[0]} answers: {failure?.Message ?? why}");
                    }
                }
                await (attempts.Count == 1 ? Task.WhenAny(attempts[0].Answer, changed) : Task.WhenAny([.. attempts.Select(attempt => attempt.Answer), changed]));
            }
        }
        finally
        {
            abandoned.AddRange(attempts.Select(attempt => attempt.Answer));
            if (abandoned.TrueForAll(answer => answer.IsFaulted))
                question.Dispose();
            else
                _ = EndAsync(abandoned, question);
        }
    }

    private void Learn(TimeSpan took)
    {
        var longest = Volatile.Read(ref _longestS);
        var counted = Math.Min(took.TotalSeconds, Math.Max(GrowthMost * longest, HedgeAfterLeast.TotalSeconds));
        Volatile.Write(ref _longestS, Math.Max(counted, Forgetting * longest));
    }

    /// <summary>The runtime may still hold the question for those who have not answered.</summary>
    private static async Task EndAsync(List<Task<Rows>> abandoned, Rows question)
    {
        foreach (var answer in abandoned)
            await RemoteCalls.ForgetAsync(answer, null).ConfigureAwait(false);
        question.Dispose();
    }
}
