using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>All rows of a segment against a few panels: the unit of work that threads take.</summary>
internal static unsafe class PanelGroup
{
    /// <summary>Up to here the stream of weights is the bound.</summary>
    private const int FewRows = 16;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<L, W>(MatMulPlan* plan, int thread, int item)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        MatMulSegment* segment = plan->Segments + item / plan->SegmentItems;
        int firstPanel = item % plan->SegmentItems * plan->ItemPanels;
        int panels = Math.Min(plan->ItemPanels, plan->Panels - firstPanel);
        byte* weights = segment->Weights + firstPanel * plan->PanelBytes;
        float* sums = plan->Sums + (long)thread * MatMulPlan.SumsOfThread;
        for (int first = 0; first < segment->Rows; first += MatMulPlan.GroupRows)
        {
            int rows = Math.Min(MatMulPlan.GroupRows, segment->Rows - first);
            if (rows <= FewRows)
            {
                // Few rows: bound by the stream of weights, so follow it panel by panel to its end.
                for (int panel = 0; panel < panels; panel += 4)
                {
                    for (int block = 0; block < plan->Blocks; block++)
                    {
                        MultiplyBlock<L, W>(
                            plan, segment, first, 0, rows, block, weights + panel * plan->PanelBytes, Math.Min(4, panels - panel), sums + panel * 16);
                    }
                }
            }
            else
            {
                // Many rows: panels and rows of one block of k stay in the second-level cache. Full tiles take two panels; what
                // is left of the rows takes four, because its tiles write the sums of four.
                int whole = rows - rows % segment->TileRows;
                for (int block = 0; block < plan->Blocks; block++)
                {
                    for (int panel = 0; panel < panels; panel += 2)
                    {
                        MultiplyBlock<L, W>(
                            plan, segment, first, 0, whole, block, weights + panel * plan->PanelBytes, Math.Min(2, panels - panel), sums + panel * 16);
                    }

                    for (int panel = 0; panel < panels && whole < rows; panel += 4)
                    {
                        MultiplyBlock<L, W>(
                            plan, segment, first, whole, rows, block, weights + panel * plan->PanelBytes, Math.Min(4, panels - panel), sums + panel * 16);
                    }
                }
            }

            Store<L>(plan, segment, first, rows, firstPanel, panels, sums);
        }
    }

    /// <summary>Rows firstRow..rows of the group that starts at <paramref name="first"/>.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlock<L, W>(
        MatMulPlan* plan, MatMulSegment* segment, int first, int firstRow, int rows, int block, byte* panel, int panels, float* sums)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        byte* weights = panel + (long)block * (MatMulShapes.BlockInputs / 2) * W.PairBytes;
        int step = segment->TileRows;
        for (int row = firstRow; row < rows; row += step)
        {
            int tileRows = Math.Min(step, rows - row);
            int next = row + step < rows ? row + step : firstRow;
            RowBlock.Multiply<L, W>(
                BlockOf(plan, segment, first + row, tileRows, block), tileRows, weights, plan->PanelBytes, panels, plan->PairsOfBlock(block),
                sums + (long)row * MatMulPlan.SumsStride, MatMulPlan.SumsStride,
                TileStart.Zero, block == 0 ? TileEnd.Store : TileEnd.Add,
                (byte*)BlockOf(plan, segment, first + next, Math.Min(step, rows - next), block));
        }
    }

    /// <summary>One block of the packed tile that starts at <paramref name="row"/>.</summary>
    private static float* BlockOf(MatMulPlan* plan, MatMulSegment* segment, int row, int tileRows, int block) =>
        plan->TileOf(segment, row) + (long)block * tileRows * Tiles.XStride;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Store<L>(MatMulPlan* plan, MatMulSegment* segment, int first, int rows, int firstPanel, int panels, float* sums)
        where L : unmanaged, ILanes<L>
    {
        for (int row = 0; row < rows; row++)
        {
            int i = segment->First + first + row;
            Values y = plan->Y.Row(RowCopy.Checked(plan->Scatter != null ? plan->Scatter[i] : i, plan->Y.Rows));
            for (int panel = 0; panel < panels; panel++)
            {
                int column = (firstPanel + panel) * 16;
                y.Store(L.Load(sums + (long)row * MatMulPlan.SumsStride + panel * 16), column, y.Width - column);
            }
        }
    }
}
