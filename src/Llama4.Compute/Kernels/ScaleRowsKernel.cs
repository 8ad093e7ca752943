using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>y[r, c] = R(x[r, c]·scale[r]) for a range of columns.</summary>
internal static unsafe class ScaleRowsKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        Values y = o->C.Row(row);
        float scale = o->B.IsBf16 ? BFloat.Widen(((ushort*)o->B.Data)[row]) : o->B.Floats[row];
        for (int column = 0; column < o->Int1; column += 16)
        {
            int count = o->Int1 - column;
            y.Store(x.Load<L>(o->Int0 + column, count) * L.Broadcast(scale), o->Int0 + column, count);
        }
    }
}
