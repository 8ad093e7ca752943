namespace Llama4.Model;

/// <summary>
/// Noise as a function of (seed, choice, position), never a stream: a token drawn again, elsewhere or in another batch,
/// is the same token. Philox4x32-10 (Salmon, Moraes, Dror, Shaw: "Parallel random numbers: as easy as 1, 2, 3", SC 2011).
/// </summary>
internal static class DrawNoise
{
    /// <param name="use">What it decides: numbers for different uses are independent.</param>
    /// <returns>Evenly distributed in [0, 1), a multiple of 2^-53.</returns>
    public static double Uniform(ulong seed, int choice, int position, NoiseUse use = NoiseUse.Token)
    {
        var (x0, x1, _, _) = Philox(((uint)position, (uint)choice, (uint)use, 0), ((uint)seed, (uint)(seed >> 32)));
        return ((((ulong)x1 << 32) | x0) >> 11) * (1.0 / (1UL << 53));
    }

    /// <summary>Ten rounds over a counter of four words with a key of two.</summary>
    internal static (uint, uint, uint, uint) Philox((uint, uint, uint, uint) counter, (uint, uint) key)
    {
        const uint M0 = 0xD2511F53, M1 = 0xCD9E8D57;
        // The golden ratio and sqrt(3) - 1.
        const uint W0 = 0x9E3779B9, W1 = 0xBB67AE85;
        var (c0, c1, c2, c3) = counter;
        var (k0, k1) = key;
        for (var round = 0; round < 10; round++)
        {
            ulong a = (ulong)M0 * c0, b = (ulong)M1 * c2;
            (c0, c1, c2, c3) = ((uint)(b >> 32) ^ c1 ^ k0, (uint)b, (uint)(a >> 32) ^ c3 ^ k1, (uint)a);
            unchecked
            {
                k0 += W0;
                k1 += W1;
            }
        }
        return (c0, c1, c2, c3);
    }
}

/// <summary>What a number of noise decides.</summary>
internal enum NoiseUse
{
    /// <summary>Which token is drawn.</summary>
    Token = 0,

    /// <summary>Whether the likeliest are excluded (<see cref="TopExclusion"/>).</summary>
    Exclusion = 1,
}
