using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Operands of an operation that works row by row; rows are independent and may run on any thread.</summary>
internal unsafe struct RowOperands
{
    public delegate*<RowOperands*, int, void> Row;
    public int Rows;
    public int RowsPerItem;
    public Values A;
    public Values B;
    public Values C;
    public Values D;
    public int Int0;
    public int Int1;
    public int Int2;
    public float Float0;
    public float Float1;
}
