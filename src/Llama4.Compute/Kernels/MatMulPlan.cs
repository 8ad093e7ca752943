using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Rows that go through one matrix.</summary>
internal unsafe struct MatMulSegment
{
    public byte* Weights;

    /// <summary>The first i of the segment (see <see cref="IDevice.GroupedMatMul"/>).</summary>
    public int First;

    public int Rows;

    /// <summary>Rows packed before this segment.</summary>
    public long PackedRow;

    /// <summary>Rows of a full tile: twelve, or two of eight where twelve would leave a few rows over.</summary>
    public readonly int TileRows => Rows is > 12 and <= 16 ? 8 : MatMulShapes.TileRows;

    /// <summary>Tiles packed before this segment.</summary>
    public int FirstTile;
}

/// <summary>One pass of a matrix product, shared by all threads.</summary>
internal unsafe struct MatMulPlan
{
    /// <summary>Eight panels: their weights over one block of k (128 KiB) and eight tiles of x stay in the second-level cache.</summary>
    public const int ItemPanelsMax = 8;

    /// <summary>Rows whose sums one thread keeps at a time: eight tiles.</summary>
    public const int GroupRows = 8 * MatMulShapes.TileRows;

    public const int SumsStride = ItemPanelsMax * 16;

    public const int SumsOfThread = GroupRows * SumsStride;

    public Values X;
    public Values Y;
    public int* Gather;
    public int* Scatter;

    /// <summary>Pairs of inputs, padded.</summary>
    public int Pairs;

    /// <summary>Blocks of 512 inputs, the last one perhaps shorter.</summary>
    public int Blocks;

    public int Panels;
    public long PanelBytes;
    public bool Bf16Weights;
    public MatMulSegment* Segments;
    public int SegmentCount;
    public int SegmentItems;
    public int ItemPanels;
    public int Tiles;
    public float* Packed;
    public float* Sums;

    public readonly int PairsOfBlock(int block) =>
        Math.Min(Pairs - block * (MatMulShapes.BlockInputs / 2), MatMulShapes.BlockInputs / 2);

    /// <summary>Packed x: tile after tile, each [block][row of the tile][XStride].</summary>
    public readonly float* TileOf(MatMulSegment* segment, int row) =>
        Packed + (segment->PackedRow + row) * Blocks * Kernels.Tiles.XStride;
}
