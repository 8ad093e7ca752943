using Llama4.Cluster.Calls;
using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Engine;

/// <summary>
/// Constraints that the vocabulary's host of the plan in force has been told of, so that draws need not carry their text, a megabyte at most, with each
/// token. It may forget them, and then says so. One caller at a time; its awaits interleave.
/// </summary>
internal sealed class ToldConstraints(int replica, PlanBoard board, RemoteCalls remote, IGrainFactory grains, TimeProvider clock)
{
    /// <summary>More than a host keeps; past it all are told again.</summary>
    private const int Most = 1024;

    private readonly HashSet<string> _told = [];
    private long _epoch;

    public bool Has(DecodingConstraint constraint) => _epoch == board.Current?.Epoch && _told.Contains(NameOf(constraint.Digest));

    /// <summary>Has it compiled. A host that is lost meanwhile is asked again where the next plan has the vocabulary.</summary>
    /// <exception cref="InvalidOperationException">It cannot be enforced.</exception>
    /// <exception cref="Exception">No host answered within <see cref="HostFailures.Limit"/>.</exception>
    public async Task TellAsync(DecodingConstraint constraint)
    {
        var started = clock.GetTimestamp();
        while (true)
        {
            try
            {
                var plan = board.Current!;
                var host = plan.Replicas[replica].Vocabulary;
                var refusal = await remote.WatchAsync(host, plan.Epoch, null, grains.GetVocabulary(host).ConstrainAsync(plan.Epoch, constraint).AsTask());
                if (refusal is not null)
                    throw new InvalidOperationException(refusal);
                Add(constraint.Digest, plan.Epoch);
                return;
            }
            catch (Exception failure) when (HostFailures.Is(failure) && clock.GetElapsedTime(started) < HostFailures.Limit)
            {
                await Task.Delay(HostFailures.Pause, clock);
            }
        }
    }

    /// <summary>These were drawn.</summary>
    /// <param name="epoch">Of the step.</param>
    public void Add(TokenDraw[] draws, long epoch)
    {
        foreach (var draw in draws)
        {
            if (draw.Constraint is { Constraint: not null } told)
                Add(told.Digest, epoch);
        }
    }

    /// <summary>The host has forgotten some.</summary>
    public void Forget() => _told.Clear();

    private void Add(ReadOnlyMemory<byte> digest, long epoch)
    {
        if (epoch < _epoch)
            return;
        if (epoch > _epoch || _told.Count >= Most)
            _told.Clear();
        _epoch = epoch;
        _told.Add(NameOf(digest));
    }

    private static string NameOf(ReadOnlyMemory<byte> digest) => Convert.ToHexString(digest.Span);
}
