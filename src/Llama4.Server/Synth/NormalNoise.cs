using System.IO.Hashing;
using System.Runtime.InteropServices;

namespace Llama4.Server.Synth;

/// <summary>
/// Near-normal numbers as a function of (seed, name, index): any piece of a tensor can be made alone, by any thread, with the same bits.
/// </summary>
internal static class NormalNoise
{
    // The sum of four uniform 16-bit numbers: mean 4·(2^16-1)/2, variance 4·(2^32-1)/12. Its tails end at 3.46 deviations, which
    // weights do not mind, and it costs one multiplication chain a number where Box-Muller costs a logarithm and a sine.
    private const float Mean = 131_070f;
    private const float Deviation = 37_837.22f;

    /// <summary>Key of a tensor's numbers.</summary>
    public static ulong Key(ulong seed, string name) => XxHash64.HashToUInt64(MemoryMarshal.AsBytes(name.AsSpan()), unchecked((long)seed));

    /// <summary>Fills numbers first..first+length with mean and deviation given, rounded to bf16.</summary>
    public static void Fill(Span<ushort> bf16, ulong key, long first, float mean, float deviation)
    {
        var scale = deviation / Deviation;
        var counter = key + unchecked((ulong)first * 0x9E3779B97F4A7C15);
        for (var i = 0; i < bf16.Length; i++)
        {
            var bits = Mix(counter);
            counter = unchecked(counter + 0x9E3779B97F4A7C15);
            var sum = (uint)(bits & 0xFFFF) + (uint)((bits >> 16) & 0xFFFF) + (uint)((bits >> 32) & 0xFFFF) + (uint)(bits >> 48);
            bf16[i] = Round(mean + (sum - Mean) * scale);
        }
    }

    /// <summary>Steele, Lea and Flood, "Fast splittable pseudorandom number generators" (2014): SplitMix64's finaliser.</summary>
    private static ulong Mix(ulong z)
    {
        unchecked
        {
            z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
            z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
            return z ^ (z >> 31);
        }
    }

    /// <summary>To nearest, ties to even, of a number that is finite.</summary>
    private static ushort Round(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16);
    }
}
