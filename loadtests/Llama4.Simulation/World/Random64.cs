namespace Llama4.Simulation;

/// <summary>Numbers that follow from a seed alone, on every machine and runtime. After Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (OOPSLA 2014).</summary>
internal sealed class Random64(ulong seed)
{
    private ulong _state = seed;

    public ulong Next() => Mix(_state += 0x9E3779B97F4A7C15);

    /// <summary>In 0..<paramref name="below"/>, not included.</summary>
    public int Next(int below) => (int)(Next() % (ulong)below);

    /// <summary>In <paramref name="from"/>..<paramref name="to"/>, both included.</summary>
    public int Between(int from, int to) => from + Next(to - from + 1);

    public TimeSpan Between(TimeSpan from, TimeSpan to) => from + TimeSpan.FromTicks((long)(Next() % (ulong)Math.Max(1, (to - from).Ticks)));

    /// <summary>True once in so many times.</summary>
    public bool OneIn(int times) => Next(times) == 0;

    public Random64 Split() => new(Next());

    /// <summary>A bijection whose output looks like noise.</summary>
    public static ulong Mix(ulong z)
    {
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
        return z ^ (z >> 31);
    }
}
