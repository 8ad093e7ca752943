namespace Llama4.LoadTest;

/// <summary>Random numbers that are the same for the same seed and purpose on every machine and in every version of .NET (splitmix64, Steele et al. 2014).</summary>
internal sealed class Draws
{
    private ulong _state;

    /// <param name="purpose">Makes independent streams of one seed: what is drawn for one session does not depend on how many others there were.</param>
    public Draws(ulong seed, params ReadOnlySpan<ulong> purpose)
    {
        _state = seed;
        foreach (var part in purpose)
        {
            _state = Next() ^ (part * 0x9E3779B97F4A7C15);
        }
    }

    public ulong Next()
    {
        var z = _state += 0x9E3779B97F4A7C15;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }

    /// <summary>In [0, 1), 53 bits.</summary>
    public double Unit() => (Next() >> 11) * (1.0 / (1UL << 53));

    /// <summary>In 0..<paramref name="count"/>-1.</summary>
    public int Below(int count) => (int)(Unit() * count);

    /// <summary>Of an exponential distribution with this mean: the pause between two events of a Poisson process.</summary>
    public double Exponential(double mean) => -Math.Log(1 - Unit()) * mean;

    public T Of<T>(IReadOnlyList<T> choices) => choices[Below(choices.Count)];

    /// <summary>The index of one of <paramref name="weights"/>, in proportion to it.</summary>
    public int Weighted(IReadOnlyList<double> weights)
    {
        var left = Unit() * weights.Sum();
        for (var i = 0; i < weights.Count; i++)
        {
            left -= weights[i];
            if (left < 0)
            {
                return i;
            }
        }

        return weights.Count - 1; // the sum was rounded
    }
}
