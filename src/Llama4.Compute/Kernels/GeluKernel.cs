using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>y = R(gelu(x)).</summary>
internal static unsafe class GeluKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        Values y = o->B.Row(row);
        for (int column = 0; column < x.Width; column += 16)
        {
            int count = x.Width - column;
            y.Store(Gelu.Of(x.Load<L>(column, count)), column, count);
        }
    }
}
