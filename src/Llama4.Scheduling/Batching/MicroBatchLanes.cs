namespace Llama4.Scheduling;

/// <summary>
/// Divides the running sequences between the micro-batches. A sequence stays where it is (its rows meet the same neighbours, and
/// a step's shape stays the same) unless the numbers differ by more than one: then the youngest of the fullest lane moves.
/// Sequences in an outstanding step never move.
/// </summary>
internal sealed class MicroBatchLanes(int lanesMax)
{
    private readonly int[] _counts = new int[lanesMax];
    private readonly long[] _lastSteps = new long[lanesMax];

    /// <summary>Lanes in use: 0..Count.</summary>
    public int Count { get; private set; } = 1;

    public void Add(Sequence sequence)
    {
        sequence.Lane = Emptiest();
        _counts[sequence.Lane]++;
    }

    public void Remove(Sequence sequence)
    {
        _counts[sequence.Lane]--;
        sequence.Lane = -1;
    }

    /// <summary>Lane of the step that was planned longest ago, among those not in <paramref name="busy"/>; −1 for none.</summary>
    public int Next(ReadOnlySpan<bool> busy)
    {
        var next = -1;
        for (var lane = 0; lane < Count; lane++)
        {
            if (!busy[lane] && (next < 0 || _lastSteps[lane] < _lastSteps[next]))
            {
                next = lane;
            }
        }

        return next;
    }

    public void Planned(int lane, long step) => _lastSteps[lane] = step;

    /// <param name="count">Lanes wanted.</param>
    /// <param name="running">All running sequences, oldest first.</param>
    public void Balance(int count, List<Sequence> running)
    {
        Count = count;
        for (var i = running.Count - 1; i >= 0; i--)
        {
            var sequence = running[i];
            if (sequence.Step is not null)
            {
                continue;
            }

            var emptiest = Emptiest();
            if (sequence.Lane >= count || _counts[sequence.Lane] > _counts[emptiest] + 1)
            {
                _counts[sequence.Lane]--;
                _counts[emptiest]++;
                sequence.Lane = emptiest;
            }
        }
    }

    private int Emptiest()
    {
        var emptiest = 0;
        for (var lane = 1; lane < Count; lane++)
        {
            if (_counts[lane] < _counts[emptiest])
            {
                emptiest = lane;
            }
        }

        return emptiest;
    }
}
