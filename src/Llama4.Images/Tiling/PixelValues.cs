namespace Llama4.Images;

/// <summary>
/// What the vision tower gets for each level, -1 (black) to 1 (white): (x/255 - 0.5) / 0.5 with every step rounded to bf16, as the
/// reference does. Rounding once at the end would be another value for half of the levels.
/// </summary>
public static class PixelValues
{
    private static readonly ushort[] Table = [.. Enumerable.Range(0, 256).Select(Normalise)];
    private static readonly float[] Floats = Array.ConvertAll(Table, bits => BitConverter.UInt32BitsToSingle((uint)bits << 16));

    /// <summary>[256] bits of bf16, by level.</summary>
    public static ReadOnlySpan<ushort> Bf16Bits => Table;

    /// <summary>[256], the same values as floats.</summary>
    public static ReadOnlySpan<float> Singles => Floats;

    /// <summary>Maps levels to bf16.</summary>
    /// <param name="values">As long as <paramref name="levels"/>.</param>
    public static void Write(ReadOnlySpan<byte> levels, Span<ushort> values)
    {
        values = values[..levels.Length];
        for (var i = 0; i < levels.Length; i++)
        {
            values[i] = Table[levels[i]];
        }
    }

    /// <summary>Maps levels to floats.</summary>
    /// <param name="values">As long as <paramref name="levels"/>.</param>
    public static void Write(ReadOnlySpan<byte> levels, Span<float> values)
    {
        values = values[..levels.Length];
        for (var i = 0; i < levels.Length; i++)
        {
            values[i] = Floats[levels[i]];
        }
    }

    private static ushort Normalise(int level)
    {
        var scaled = Rounded(level * (1f / 255));
        var shifted = Rounded(scaled - 0.5f);
        return (ushort)(BitConverter.SingleToUInt32Bits(Rounded(shifted / 0.5f)) >> 16);
    }

    /// <summary>To bf16, halves to even.</summary>
    private static float Rounded(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7FFF + (bits >> 16 & 1)) & 0xFFFF0000);
    }
}
