using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>y = R(R(x·rsqrt(mean(x²) + eps))·w), fp32 inside. The mean: sixteen chains over k = lane (mod 16), then the fixed tree.</summary>
internal static unsafe class RmsNormKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        Values y = o->C.Row(row);
        Values weight = o->B;
        L factor = L.Broadcast(InverseRoot<L>(x, 0, x.Width, o->Float0));
        for (int column = 0; column < x.Width; column += 16)
        {
            int count = x.Width - column;
            L n = y.Round(x.Load<L>(column, count) * factor);
            y.Store(n * weight.Load<L>(column, count), column, count);
        }
    }

    /// <summary>1 / sqrt(mean(x²) + eps) over columns first..first+width.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static float InverseRoot<L>(Values x, int first, int width, float eps) where L : unmanaged, ILanes<L>
    {
        L sum = L.Zero;
        for (int column = 0; column < width; column += 16)
        {
            L value = x.Load<L>(first + column, width - column);
            sum = L.FusedMultiplyAdd(value, value, sum);
        }

        return 1f / MathF.Sqrt(L.Sum(sum) / width + eps);
    }
}
