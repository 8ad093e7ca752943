namespace Llama4.Scheduling;

/// <summary>
/// Which experts are hot, from the rows that hosts report: rates that forget exponentially, a higher mark to turn hot and a lower one to cool,
/// each to be kept for a while, so that noise around either changes nothing. What is done about it is the planner's. It reads no clock.
/// </summary>
/// <param name="layers">Of the model.</param>
/// <param name="experts">Of each layer.</param>
public sealed class ExpertLoad(int layers, int experts, ExpertLoadLimits limits)
{
    private readonly long[] _counted = new long[layers * experts];
    private readonly DecayingRates _rates = new(layers * experts, limits.Memory);
    private readonly DecayingRates _longRates = new(layers * experts, limits.LongMemory);

    /// <summary>[layers * experts] looks in a row above the higher mark.</summary>
    private readonly int[] _above = new int[layers * experts];

    /// <summary>Hot experts, and since when each is below the lower mark; null while it is not.</summary>
    private readonly Dictionary<ExpertOfLayer, TimeSpan?> _hot = [];
    private TimeSpan? _looked;

    /// <summary>At the last look, by layer and expert.</summary>
    public IReadOnlyCollection<ExpertOfLayer> Hot => [.. _hot.Keys.OrderByDescending(hot => RowsPerS(hot.Layer, hot.Expert)).ThenBy(hot => hot.Layer).ThenBy(hot => hot.Expert)];

    /// <summary>At the last look, of the last half a minute or so.</summary>
    public ExpertRates LongRates => new(experts, [.. _longRates.PerS]);

    /// <summary>At the last look.</summary>
    public double RowsPerS(int layer, int expert) => _rates.PerS[(layer * experts) + expert];

    /// <summary>Forgets all that was counted: another leader did. These count as hot until they have cooled.</summary>
    public void Begin(IEnumerable<ExpertOfLayer> hot)
    {
        Array.Clear(_counted);
        _rates.Clear();
        _longRates.Clear();
        Array.Clear(_above);
        _hot.Clear();
        foreach (var expert in hot)
        {
            _hot[expert] = null;
        }

        _looked = null;
    }

    /// <param name="rows">[layers * experts] that some host's experts ran and nobody counted yet.</param>
    /// <exception cref="ArgumentException">It is of another model.</exception>
    public void Count(ReadOnlySpan<int> rows)
    {
        if (rows.Length != _counted.Length)
        {
            throw new ArgumentException($"expected rows of {_counted.Length} experts, found {rows.Length}", nameof(rows));
        }

        for (var i = 0; i < rows.Length; i++)
        {
            _counted[i] += rows[i];
        }
    }

    /// <summary>Takes what was counted since the last look into the rates, and decides. A look at the same time as the last does nothing.</summary>
    /// <param name="now">Never earlier than at the last look.</param>
    public void Look(TimeSpan now)
    {
        if (_looked is not { } before)
        {
            _looked = now; // what was counted so far has no duration
            Array.Clear(_counted);
            return;
        }

        if (now <= before)
        {
            return;
        }

        _looked = now;
        _rates.Add(_counted, now - before);
        _longRates.Add(_counted, now - before);
        Array.Clear(_counted);
        for (var layer = 0; layer < layers; layer++)
        {
            Decide(layer, now);
        }
    }

    private void Decide(int layer, TimeSpan now)
    {
        var mean = new ExpertRates(experts, _rates.PerS).Of(layer, 0, experts) / experts;
        for (var expert = 0; expert < experts; expert++)
        {
            var (one, rate) = (new ExpertOfLayer(layer, expert), RowsPerS(layer, expert));
            if (_hot.TryGetValue(one, out var below))
            {
                Cool(one, below, rate < Math.Max(limits.CoolOfMean * mean, limits.CoolRowsPerS), now);
                continue;
            }

            ref var above = ref _above[(layer * experts) + expert];
            above = rate > Math.Max(limits.HotOfMean * mean, limits.HotRowsPerS) ? above + 1 : 0;
            if (above >= limits.HotLooks && _hot.Count < limits.HotMax)
            {
                above = 0;
                _hot.Add(one, null);
            }
        }
    }

    private void Cool(ExpertOfLayer one, TimeSpan? below, bool isBelow, TimeSpan now)
    {
        if (!isBelow)
        {
            _hot[one] = null;
        }
        else if (now - (below ?? now) >= limits.CoolFor)
        {
            _hot.Remove(one);
        }
        else
        {
            _hot[one] = below ?? now;
        }
    }
}
