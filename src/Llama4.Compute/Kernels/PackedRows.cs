using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Rows of x as fp32 in the order the tiles read them.</summary>
internal static unsafe class PackedRows
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Pack<L>(MatMulPlan* plan, int tile) where L : unmanaged, ILanes<L>
    {
        MatMulSegment* segment = plan->Segments;
        while (segment < plan->Segments + plan->SegmentCount - 1 && segment[1].FirstTile <= tile)
        {
            segment++;
        }

        int first = (tile - segment->FirstTile) * segment->TileRows;
        int rows = Math.Min(segment->TileRows, segment->Rows - first);
        float* packed = plan->TileOf(segment, first);
        for (int row = 0; row < rows; row++)
        {
            int i = segment->First + first + row;
            Values x = plan->X.Row(RowCopy.Checked(plan->Gather != null ? plan->Gather[i] : i, plan->X.Rows));
            for (int block = 0; block < plan->Blocks; block++)
            {
                PackBlock<L>(x, block * MatMulShapes.BlockInputs, packed + ((long)block * rows + row) * Tiles.XStride);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void PackBlock<L>(Values x, int first, float* packed) where L : unmanaged, ILanes<L>
    {
        int end = Math.Min(first + MatMulShapes.BlockInputs, x.Width);
        for (int column = first; column < end; column += 16, packed += 16)
        {
            L.Store(x.Load<L>(column, x.Width - column), packed);
        }
    }
}
