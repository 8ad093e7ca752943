namespace Llama4.Images.Jpeg;

/// <summary>
/// The inverse cosine transform of libjpeg's "slow" integer kind, bit for bit: Loeffler, Ligtenberg and Moschytz, "Practical fast 1-D
/// DCT algorithms with 11 multiplications" (1989), constants of 13 bits, two more bits kept between the passes.
/// </summary>
internal static class InverseDct
{
    private const int ConstantBits = 13;
    private const int KeptBits = 2;

    private const int F0298631336 = 2446;
    private const int F0390180644 = 3196;
    private const int F0541196100 = 4433;
    private const int F0765366865 = 6270;
    private const int F0899976223 = 7373;
    private const int F1175875602 = 9633;
    private const int F1501321110 = 12299;
    private const int F1847759065 = 15137;
    private const int F1961570560 = 16069;
    private const int F2053119869 = 16819;
    private const int F2562915447 = 20995;
    private const int F3072711026 = 25172;

    /// <param name="block">[64] dequantised coefficients in natural order; overwritten.</param>
    /// <param name="samples">The first of eight rows of eight samples.</param>
    /// <param name="stride">From row to row.</param>
    public static void Transform(Span<int> block, Span<byte> samples, int stride)
    {
        for (var column = 0; column < 8; column++)
        {
            var c = block[column..];
            if ((c[8] | c[16] | c[24] | c[32] | c[40] | c[48] | c[56]) == 0)
            {
                var level = c[0] << KeptBits; // what the whole computation would give
                (c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56]) = (level, level, level, level, level, level, level, level);
                continue;
            }

            var lines = Eight(c[0], c[8], c[16], c[24], c[32], c[40], c[48], c[56]);
            const int Round = 1 << (ConstantBits - KeptBits - 1);
            const int Shift = ConstantBits - KeptBits;
            c[0] = (lines.Even0 + lines.Odd0 + Round) >> Shift;
            c[56] = (lines.Even0 - lines.Odd0 + Round) >> Shift;
            c[8] = (lines.Even1 + lines.Odd1 + Round) >> Shift;
            c[48] = (lines.Even1 - lines.Odd1 + Round) >> Shift;
            c[16] = (lines.Even2 + lines.Odd2 + Round) >> Shift;
            c[40] = (lines.Even2 - lines.Odd2 + Round) >> Shift;
            c[24] = (lines.Even3 + lines.Odd3 + Round) >> Shift;
            c[32] = (lines.Even3 - lines.Odd3 + Round) >> Shift;
        }

        for (var row = 0; row < 8; row++)
        {
            var r = block.Slice(8 * row, 8);
            var to = samples.Slice(row * stride, 8);
            var lines = Eight(r[0], r[1], r[2], r[3], r[4], r[5], r[6], r[7]);
            to[0] = Level(lines.Even0 + lines.Odd0);
            to[7] = Level(lines.Even0 - lines.Odd0);
            to[1] = Level(lines.Even1 + lines.Odd1);
            to[6] = Level(lines.Even1 - lines.Odd1);
            to[2] = Level(lines.Even2 + lines.Odd2);
            to[5] = Level(lines.Even2 - lines.Odd2);
            to[3] = Level(lines.Even3 + lines.Odd3);
            to[4] = Level(lines.Even3 - lines.Odd3);
        }
    }

    /// <summary>One line: outputs i and 7-i are Even_i plus and minus Odd_i.</summary>
    private static Lines Eight(int c0, int c1, int c2, int c3, int c4, int c5, int c6, int c7)
    {
        var shared = (c2 + c6) * F0541196100;
        var low = shared - c6 * F1847759065;
        var high = shared + c2 * F0765366865;
        var sum = (c0 + c4) << ConstantBits;
        var difference = (c0 - c4) << ConstantBits;

        var z5 = (c7 + c3 + c5 + c1) * F1175875602;
        var z1 = -(c7 + c1) * F0899976223;
        var z2 = -(c5 + c3) * F2562915447;
        var z3 = z5 - (c7 + c3) * F1961570560;
        var z4 = z5 - (c5 + c1) * F0390180644;
        return new Lines(
            sum + high,
            difference + low,
            difference - low,
            sum - high,
            c1 * F1501321110 + z1 + z4,
            c3 * F3072711026 + z2 + z3,
            c5 * F2053119869 + z2 + z4,
            c7 * F0298631336 + z1 + z3);
    }

    private static byte Level(int value)
    {
        const int Shift = ConstantBits + KeptBits + 3;
        return (byte)Math.Clamp(((value + (1 << (Shift - 1))) >> Shift) + 128, 0, 255);
    }

    private readonly record struct Lines(int Even0, int Even1, int Even2, int Even3, int Odd0, int Odd1, int Odd2, int Odd3);
}
