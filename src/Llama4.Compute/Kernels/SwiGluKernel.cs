using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>y = R(R(silu(gate))·up).</summary>
internal static unsafe class SwiGluKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values gateUp = o->A.Row(row);
        Values y = o->B.Row(row);
        for (int column = 0; column < y.Width; column += 16)
        {
            int count = y.Width - column;
            L gate = y.Round(Sigmoid.Silu(gateUp.Load<L>(column, count)));
            y.Store(gate * gateUp.Load<L>(y.Width + column, count), column, count);
        }
    }
}
