namespace Llama4.LoadTest.Deciding;

/// <summary>Which rate to try next: greater ones until one is too much (or smaller ones until one is not), then between the two.</summary>
internal sealed class RampSearch(double from, double to, double factor, int refinements)
{
    /// <summary>A first rate that is too much is halved as often.</summary>
    private const int HalvingsMax = 8;

    private double? _broken;
    private int _halvings;
    private int _refined;

    /// <summary>The greatest rate that was kept, the knee; null if none was.</summary>
    public double? Kept { get; private set; }

    /// <summary>A rate was too much: the search knows both sides.</summary>
    public bool IsSaturated => _broken is not null;

    /// <summary>Null at the end.</summary>
    public double? Next() => (Kept, _broken) switch
    {
        (null, null) => from,
        ({ } kept, null) => kept < to ? Math.Min(kept * factor, to) : null,
        (null, { } broken) => _halvings < HalvingsMax ? broken / 2 : null,
        ({ } kept, { } broken) => _refined < refinements ? Math.Sqrt(kept * broken) : null,
    };

    public void Tried(double rate, bool isKept)
    {
        if (Kept is not null && _broken is not null)
        {
            _refined++;
        }

        if (isKept)
        {
            Kept = Math.Max(rate, Kept ?? 0);
        }
        else
        {
            _halvings += Kept is null ? 1 : 0;
            _broken = Math.Min(rate, _broken ?? double.MaxValue);
        }
    }
}
