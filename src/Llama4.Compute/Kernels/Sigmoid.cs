using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <summary>
/// sigmoid(x) = 1 / (1 + e^-x) and silu(x) = x / (1 + e^-x). Errors: within 2.5 ulp of the exact value where the result is
/// normal and e^-x finite (x &gt; -88); below that the result underflows to zero.
/// </summary>
internal static class Sigmoid
{
    public static float Scalar(float x) => 1f / (1f + Exponential.Scalar(-x));

    public static float SiluScalar(float x) => x / (1f + Exponential.Scalar(-x));

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public static L Silu<L>(L x) where L : unmanaged, ILanes<L> =>
        x / (L.Broadcast(1f) + Exponential.Of(L.Zero - x));
}
