using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <summary>
/// e^x in fp32, within 1.1 ulp of the exact value for normal results (tested over the whole range); 0 below -104,
/// infinity above 89, exactly 1 at 0, NaN for NaN. x = n·ln 2 + r with |r| ≤ ln 2 / 2, then a polynomial of degree 7
/// (Taylor: the first term left out is r⁸/8! &lt; 6e-9 of the result).
/// </summary>
internal static class Exponential
{
    private const float Log2E = 1.44269504f;
    private const float Ln2High = 0.693145752f; // 15 bits: n·Ln2High is exact
    private const float Ln2Low = 1.42860677e-6f;
    private const float Shift = 12582912f; // 1.5·2^23: adding it rounds to an integer
    private const float Lowest = -104f;
    private const float Highest = 89f;

    private const float C2 = 1f / 2, C3 = 1f / 6, C4 = 1f / 24, C5 = 1f / 120, C6 = 1f / 720, C7 = 1f / 5040;

    public static float Scalar(float x)
    {
        x = x < Lowest ? Lowest : x;
        x = Highest < x ? Highest : x;
        float shifted = MathF.FusedMultiplyAdd(x, Log2E, Shift);
        float n = shifted - Shift;
        float r = MathF.FusedMultiplyAdd(n, -Ln2High, x);
        r = MathF.FusedMultiplyAdd(n, -Ln2Low, r);
        float p = MathF.FusedMultiplyAdd(C7, r, C6);
        p = MathF.FusedMultiplyAdd(p, r, C5);
        p = MathF.FusedMultiplyAdd(p, r, C4);
        p = MathF.FusedMultiplyAdd(p, r, C3);
        p = MathF.FusedMultiplyAdd(p, r, C2);
        p = MathF.FusedMultiplyAdd(p, r * r, r) + 1f;
        int exponent = BitConverter.SingleToInt32Bits(shifted) - 0x4B400000;
        int half = exponent >> 1;
        return p * BitConverter.Int32BitsToSingle((half + 127) << 23) * BitConverter.Int32BitsToSingle((exponent - half + 127) << 23);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L>
    {
        x = L.SelectLess(x, L.Broadcast(Lowest), L.Broadcast(Lowest), x);
        x = L.SelectLess(L.Broadcast(Highest), x, L.Broadcast(Highest), x);
        L shifted = L.FusedMultiplyAdd(x, L.Broadcast(Log2E), L.Broadcast(Shift));
        L n = shifted - L.Broadcast(Shift);
        L r = L.FusedMultiplyAdd(n, L.Broadcast(-Ln2High), x);
        r = L.FusedMultiplyAdd(n, L.Broadcast(-Ln2Low), r);
        L p = L.FusedMultiplyAdd(L.Broadcast(C7), r, L.Broadcast(C6));
        p = L.FusedMultiplyAdd(p, r, L.Broadcast(C5));
        p = L.FusedMultiplyAdd(p, r, L.Broadcast(C4));
        p = L.FusedMultiplyAdd(p, r, L.Broadcast(C3));
        p = L.FusedMultiplyAdd(p, r, L.Broadcast(C2));
        p = L.FusedMultiplyAdd(p, r * r, r) + L.Broadcast(1f);
        return L.ScaleByPowerOfTwo(p, shifted);
    }
}
