using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>x ← R(x·rsqrt(mean(x²) + eps)) for each head of a row, in place.</summary>
internal static unsafe class HeadNormKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        for (int head = 0; head < o->Int1; head++)
        {
            int first = o->Int0 + head * o->Int2;
            L factor = L.Broadcast(RmsNormKernel.InverseRoot<L>(x, first, o->Int2, o->Float0));
            for (int column = 0; column < o->Int2; column += 16)
            {
                int count = o->Int2 - column;
                x.Store(x.Load<L>(first + column, count) * factor, first + column, count);
            }
        }
    }
}
