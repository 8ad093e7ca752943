using System.Numerics;

namespace Llama4.Scheduling;

/// <summary>
/// How long a step may take before its engine gives it up as lost: some message of it may be, with every host alive. Learnt from the steps that were done,
/// those of about as many rows apart. It reads no clock.
/// </summary>
public sealed class StepAllowance
{
    /// <summary>Less is a process that was not scheduled, or a collection of garbage.</summary>
    public static readonly TimeSpan Least = TimeSpan.FromMilliseconds(250);

    /// <summary>While nothing is known: the first step of a large model on few cores.</summary>
    public static readonly TimeSpan Unknown = TimeSpan.FromSeconds(60);

    public static readonly TimeSpan Most = TimeSpan.FromMinutes(10);

    /// <summary>Times the longest of late.</summary>
    private const double Factor = 8;

    /// <summary>One step alone may only have met a fault: it counts as at most so many times the longest before it. A cluster that grows slower is learnt in a few steps.</summary>
    private const double GrowthMost = 2;

    /// <summary>The longest is forgotten by a fiftieth with each that comes.</summary>
    private const double Forgetting = 0.98;

    private const double PatienceMost = 64;

    private const int ExpiriesMax = 8;

    /// <summary>[log2 rows] seconds; 0 where none was done.</summary>
    private readonly double[] _longest = new double[32];
    private double _patience = 1;
    private int _expiries;

    /// <summary>How often steps were given up: those that are sent without another between have the same.</summary>
    public int Round { get; private set; }

    /// <summary>So many steps in a row were given up that it makes no sense to go on.</summary>
    public bool IsExhausted => _expiries >= ExpiriesMax;

    public TimeSpan For(int rows) => For(rows, _patience);

    /// <summary>A step was done.</summary>
    /// <param name="took">From when it was sent.</param>
    /// <param name="isDisturbed">A host became suspected meanwhile: how long the step took says nothing of others.</param>
    public void Observe(int rows, TimeSpan took, bool isDisturbed = false)
    {
        if (took <= For(rows, patience: 1))
        {
            _patience = Math.Max(1, _patience / 2);
        }

        if (!isDisturbed)
        {
            ref var longest = ref _longest[Bucket(rows)];
            var known = OfAsMany(Bucket(rows));
            var counted = known == 0 ? took.TotalSeconds : Math.Min(took.TotalSeconds, GrowthMost * known);
            longest = Math.Max(counted, Forgetting * longest);
        }

        _expiries = 0;
    }

    /// <summary>A step was given up: should it only have been slow, the next gets twice its time. Several that were sent together are one.</summary>
    /// <param name="round">When it was sent.</param>
    public void Expired(int round)
    {
        if (round != Round)
        {
            return; // another that was sent with it has told
        }

        Round++;
        _patience = Math.Min(2 * _patience, PatienceMost);
        _expiries++;
    }

    private TimeSpan For(int rows, double patience)
    {
        var seconds = Longest(Bucket(rows)) * Factor * patience;
        return seconds == 0 ? Unknown * patience : TimeSpan.FromSeconds(Math.Clamp(seconds, Least.TotalSeconds * patience, Most.TotalSeconds));
    }

    /// <summary>That of steps at least as large, or of smaller ones in proportion; 0 where nothing is known.</summary>
    private double Longest(int bucket)
    {
        if (OfAsMany(bucket) is > 0 and var known)
        {
            return known;
        }

        for (var smaller = bucket - 1; smaller >= 0; smaller--)
        {
            if (_longest[smaller] > 0)
            {
                return _longest[smaller] * (1 << (bucket - smaller));
            }
        }

        return 0;
    }

    /// <summary>Of steps at least as large, the smallest that were done; 0 where none was.</summary>
    private double OfAsMany(int bucket)
    {
        foreach (var longest in _longest.AsSpan(bucket))
        {
            if (longest > 0)
            {
                return longest;
            }
        }

        return 0;
    }

    private static int Bucket(int rows) => BitOperations.Log2((uint)Math.Max(1, rows));
}
