using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Rows by index, copied, widened or rounded. An index outside the table is a fault of the device.</summary>
internal static unsafe class RowCopy
{
    /// <summary>C[row] = A[B[row]].</summary>
    public static void Gather<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L> =>
        Copy<L>(o->A.Row(Checked(o->B.Integers[row], o->A.Rows)), o->C.Row(row));

    /// <summary>C[B[row]] = A[row].</summary>
    public static void Scatter<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L> =>
        Copy<L>(o->A.Row(row), o->C.Row(Checked(o->B.Integers[row], o->C.Rows)));

    private static void Copy<L>(Values from, Values to) where L : unmanaged, ILanes<L>
    {
        if (from.Type == to.Type)
        {
            Buffer.MemoryCopy(from.Data, to.Data, from.RowBytes, from.RowBytes);
            return;
        }

        for (int column = 0; column < from.Width; column += 16)
        {
            int count = from.Width - column;
            to.Store(from.Load<L>(column, count), column, count);
        }
    }

    public static int Checked(int index, int rows) => (uint)index < (uint)rows
        ? index
        : throw new InvalidOperationException($"row index {index} is outside 0..{rows - 1}");
}
