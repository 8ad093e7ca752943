namespace Llama4.Compute.Kernels;

/// <summary>The fixed sizes of matrix products.</summary>
internal static class MatMulShapes
{
    /// <summary>
    /// k of one block: inside it every output is one chain of multiply-adds, and the blocks' sums are added in order.
    /// Changing it changes bits. 512 k of four bf16 panels are 64 KiB: they stay in the second-level cache for all rows.
    /// </summary>
    public const int BlockInputs = 512;

    /// <summary>Rows of a packed tile of x.</summary>
    public const int TileRows = 12;
}
