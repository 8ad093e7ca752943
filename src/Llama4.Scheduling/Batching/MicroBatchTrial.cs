namespace Llama4.Scheduling;

/// <summary>The measurements of <see cref="MicroBatchPolicy"/> under one load: a settled number, and now and then a trial of its neighbour.</summary>
internal sealed class MicroBatchTrial
{
    private readonly int _least;
    private readonly int _most;
    private int _settled;
    private int _skip = MicroBatchPolicy.SkippedSteps;
    private int _rest;
    private int _steps;
    private long _rows;
    private double _seconds;
    private double _settledCost = double.NaN;
    private bool _up = true;

    public MicroBatchTrial(int least, int most, int start)
    {
        (_least, _most) = (least, most);
        _settled = Count = start;
    }

    /// <summary>The number now: the settled one, or the one on trial.</summary>
    public int Count { get; private set; }

    // Two rounds of all micro-batches, so that each has started under the new number.
    private int Skipped => Math.Max(MicroBatchPolicy.SkippedSteps, 2 * Count);

    /// <summary>The load is back after another: what was measured of it stays, what is under way is not measured.</summary>
    public void Resume() => _skip = Skipped;

    public void Observe(int rows, int sequences, double seconds)
    {
        if (_rest > 0)
        {
            _rest--;
            return;
        }

        if (_skip > 0)
        {
            _skip--;
            return;
        }

        _steps++;
        _rows += rows;
        _seconds += seconds;
        if (_steps >= MicroBatchPolicy.WindowSteps && _steps % Count == 0)
        {
            Conclude(_seconds / _rows, sequences);
        }
    }

    private void Conclude(double cost, int sequences)
    {
        if (double.IsNaN(_settledCost))
        {
            _settledCost = cost;
            Begin(Neighbour(Math.Min(_most, sequences)));
            return;
        }

        if (cost < _settledCost * (1 - MicroBatchPolicy.Margin))
        {
            _settled = Count;
            _settledCost = cost;
            var next = Further(Math.Min(_most, sequences));
            if (next != _settled)
            {
                Begin(next);
                return;
            }
        }

        _settledCost = double.NaN;
        _rest = MicroBatchPolicy.RestSteps;
        Begin(_settled);
    }

    // Down and up in turns, down first; at a bound the only way there is.
    private int Neighbour(int most)
    {
        var canRise = _settled < most;
        var canFall = _settled > _least;
        _up = canRise && (!canFall || !_up);
        return canRise || canFall ? Further(most) : _settled;
    }

    // A quarter more or less: one of few, and of many enough for a difference that can be measured.
    private int Further(int most)
    {
        var by = Math.Max(1, _settled / 4);
        return _up ? Math.Min(_settled + by, Math.Max(most, _settled)) : Math.Max(_settled - by, _least);
    }

    private void Begin(int count)
    {
        Count = count;
        _skip = Skipped;
        _steps = 0;
        _rows = 0;
        _seconds = 0;
    }
}
