using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>y = R(x + the one row).</summary>
internal static unsafe class AddRowKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        Values added = o->B;
        Values y = o->C.Row(row);
        for (int column = 0; column < x.Width; column += 16)
        {
            int count = x.Width - column;
            y.Store(x.Load<L>(column, count) + added.Load<L>(column, count), column, count);
        }
    }
}
