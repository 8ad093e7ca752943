namespace Llama4.Scheduling;

/// <summary>When an expert is hot, and when it has cooled.</summary>
public sealed record ExpertLoadLimits
{
    /// <summary>
    /// Rates forget with this time constant: a rate of 100 rows/s that come one by one then has a deviation of 10 %, and one of 512 rows in every second's only
    /// step stays above 100.
    /// </summary>
    public TimeSpan Memory { get; init; } = TimeSpan.FromSeconds(0.5);

    /// <summary>Of rates that ranges follow: what lasts for seconds is for hot experts.</summary>
    public TimeSpan LongMemory { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>An expert turns hot above so many times the mean of its layer: the host that owns it then has more to do than any share of a layer is worth.</summary>
    public double HotOfMean { get; init; } = 2;

    /// <summary>And above so many rows a second: a second copy of the weights is not worth having for less.</summary>
    public double HotRowsPerS { get; init; } = 100;

    /// <summary>So many looks in a row; at 20 ms each, 1.7 s: a prefill chunk of 512 rows, and then nothing, is forgotten sooner.</summary>
    public int HotLooks { get; init; } = 85;

    /// <summary>A hot expert cools below so many times the mean of its layer, or below <see cref="CoolRowsPerS"/>: well below where it turns hot.</summary>
    public double CoolOfMean { get; init; } = 1.4;

    public double CoolRowsPerS { get; init; } = 40;

    /// <summary>For so long without a break.</summary>
    public TimeSpan CoolFor { get; init; } = TimeSpan.FromSeconds(3);

    /// <summary>Most hot experts at once, over all layers: each costs memory and a message.</summary>
    public int HotMax { get; init; } = 16;
}
