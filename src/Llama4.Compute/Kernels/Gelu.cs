using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <summary>
/// gelu(x) = x·Φ(x), Φ the normal distribution: the exact form, as x/2·(1 + erf(x/√2)), not the one by tanh. Within 5.5 ulp (3.3e-7) of the exact value
/// (tested over the whole range) down to where it leaves the normal range (x ≈ -13.1); then it goes on to zero.
/// <para>With a = |x|, the tail is Φ(-a) = q·P(t)·e^(-a²/2), q = 1/(a + 3), t = 1.4 - 7.2·q: P has degree 10 and is the Chebyshev series of
/// Φ(-a)·e^(a²/2)·(a + 3) over a in 0..15, where t runs from -1 to 1; what is left out is below 3e-9 of it. No sum cancels: below zero the tail is the
/// result, above it is at most a half. a² is kept with its rounding error, of which e^ would make many ulps; e^ comes last, so that nothing before
/// it is subnormal.</para>
/// </summary>
internal static class Gelu
{
    /// <summary>Beyond it the tail is zero in fp32.</summary>
    private const float Highest = 15f;

    private const float Shift = 3f, Slope = -7.2f, Offset = 1.4f;

    private const float
        P0 = 0.820571601f, P1 = -0.491436183f, P2 = 0.174720213f, P3 = -0.0222642273f, P4 = -0.00756700803f, P5 = 0.00217690435f,
        P6 = 0.00066856714f, P7 = -0.000168992134f, P8 = -8.67049748e-05f, P9 = 7.89323076e-06f, P10 = 8.72850433e-06f;

    public static float Scalar(float x)
    {
        float a = x < 0 ? 0 - x : x;
        a = Highest < a ? Highest : a;
        float square = a * a;
        float rest = MathF.FusedMultiplyAdd(a, a, 0 - square);
        float e = Exponential.Scalar(square * -0.5f);
        e = MathF.FusedMultiplyAdd(e, rest * -0.5f, e);
        float q = 1f / (a + Shift);
        float t = MathF.FusedMultiplyAdd(q, Slope, Offset);
        float p = MathF.FusedMultiplyAdd(P10, t, P9);
        p = MathF.FusedMultiplyAdd(p, t, P8);
        p = MathF.FusedMultiplyAdd(p, t, P7);
        p = MathF.FusedMultiplyAdd(p, t, P6);
        p = MathF.FusedMultiplyAdd(p, t, P5);
        p = MathF.FusedMultiplyAdd(p, t, P4);
        p = MathF.FusedMultiplyAdd(p, t, P3);
        p = MathF.FusedMultiplyAdd(p, t, P2);
        p = MathF.FusedMultiplyAdd(p, t, P1);
        p = MathF.FusedMultiplyAdd(p, t, P0);
        float tail = q * p;
        return x < 0 ? x * tail * e : x * (1f - tail * e);
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Of<L>(L x) where L : unmanaged, ILanes<L>
    {
        L a = L.SelectLess(x, L.Zero, L.Zero - x, x);
        a = L.SelectLess(L.Broadcast(Highest), a, L.Broadcast(Highest), a);
        L square = a * a;
        L rest = L.FusedMultiplyAdd(a, a, L.Zero - square);
        L e = Exponential.Of(square * L.Broadcast(-0.5f));
        e = L.FusedMultiplyAdd(e, rest * L.Broadcast(-0.5f), e);
        L q = L.Broadcast(1f) / (a + L.Broadcast(Shift));
        L t = L.FusedMultiplyAdd(q, L.Broadcast(Slope), L.Broadcast(Offset));
        L p = L.FusedMultiplyAdd(L.Broadcast(P10), t, L.Broadcast(P9));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P8));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P7));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P6));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P5));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P4));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P3));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P2));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P1));
        p = L.FusedMultiplyAdd(p, t, L.Broadcast(P0));
        L tail = q * p;
        return L.SelectLess(x, L.Zero, x * tail * e, x * (L.Broadcast(1f) - tail * e));
    }
}
