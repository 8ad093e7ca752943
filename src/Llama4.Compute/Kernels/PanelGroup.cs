using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>All rows of a segment against a few panels: the unit of work that threads take.</summary>
internal static unsafe class PanelGroup
{
    /// <summary>Up to here the stream of weights is the bound.</summary>
    private const int FewRows = 16;

    /// <summary>Panels of one step. Tiles may write sums up to a multiple of four panels, so a smaller step would spoil its neighbours' sums.</summary>
    private const int StepPanels = 4;

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
                for (int panel = 0; panel < panels; panel += StepPanels)
                {
                    for (int block = 0; block < plan->Blocks; block++)
                    {
                        MultiplyBlock<L, W>(plan, segment, first, rows, block, weights, panel, panels, sums, block + 1, panel);
                    }
                }
            }
            else
            {
                // Many rows: panels and rows of one block of k stay in the second-level cache.
                for (int block = 0; block < plan->Blocks; block++)
                {
                    for (int panel = 0; panel < panels; panel += StepPanels)
                    {
                        bool last = panel + StepPanels >= panels;
                        MultiplyBlock<L, W>(
                            plan, segment, first, rows, block, weights, panel, panels, sums, last ? block + 1 : block, last ? 0 : panel + StepPanels);
                    }
                }
            }

            Store<L>(plan, segment, first, rows, firstPanel, panels, sums);
        }
    }

    /// <param name="weights">The item's first panel.</param>
    /// <param name="nextBlock">The block and panel that come after this one, to be asked for.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MultiplyBlock<L, W>(
        MatMulPlan* plan, MatMulSegment* segment, int first, int rows, int block, byte* weights, int panel, int panels, float* sums,
        int nextBlock, int nextPanel)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        const int BlockPairs = MatMulShapes.BlockInputs / 2;
        if (nextBlock == plan->Blocks)
        {
            (nextBlock, nextPanel) = (0, panel + StepPanels);
        }

        int step = segment->TileRows;
        var ahead = new Ahead
        {
            Weights = nextPanel < panels ? weights + nextPanel * plan->PanelBytes + (long)nextBlock * BlockPairs * W.PairBytes : null,
            Tiles = (rows + step - 1) / step,
        };
        byte* blockWeights = weights + panel * plan->PanelBytes + (long)block * BlockPairs * W.PairBytes;
        for (int row = 0; row < rows; row += step, ahead.Tile++)
        {
            int tileRows = Math.Min(step, rows - row);
            int next = row + step < rows ? row + step : 0;
            ahead.X = (byte*)BlockOf(plan, segment, first + next, Math.Min(step, rows - next), block);
            RowBlock.Multiply<L, W>(
                BlockOf(plan, segment, first + row, tileRows, block), tileRows, blockWeights, plan->PanelBytes,
                Math.Min(StepPanels, panels - panel), plan->PairsOfBlock(block),
                sums + (long)row * MatMulPlan.SumsStride + panel * 16, MatMulPlan.SumsStride,
                TileStart.Zero, block == 0 ? TileEnd.Store : TileEnd.Add, ahead);
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
