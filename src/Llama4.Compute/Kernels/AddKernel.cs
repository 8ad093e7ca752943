using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>y = R(a + b).</summary>
internal static unsafe class AddKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values a = o->A.Row(row);
        Values b = o->B.Row(row);
        Values y = o->C.Row(row);
        for (int column = 0; column < a.Width; column += 16)
        {
            int count = a.Width - column;
            y.Store(a.Load<L>(column, count) + b.Load<L>(column, count), column, count);
        }
    }
}
