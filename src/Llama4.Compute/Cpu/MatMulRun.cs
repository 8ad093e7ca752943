using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>
/// y = R(x·Wᵀ) for one matrix or one per expert: packs the rows of x as fp32, then threads take groups of panels
/// (outputs), never parts of K.
/// </summary>
internal sealed unsafe class MatMulRun<L>(WorkerTeam team) : IDisposable where L : unmanaged, ILanes<L>
{
    /// <summary>Packed rows of one pass: they stay in the last-level cache while all panels go by.</summary>
    private const long PackedBytesMax = 16L << 20;

    /// <summary>Bytes of weights (or multiply-adds / 4) from which a second thread pays: about 5 us of work.</summary>
    private const long ParallelWork = 128 * 1024;

    private readonly Scratch _packed = new();
    private readonly Scratch _segments = new();
    private readonly Scratch _sums = new();

    public void Run(Values x, CpuMatrix matrix, Values y)
    {
        var plan = CreatePlan(x, matrix, y);
        var segments = (MatMulSegment*)_segments.Take(sizeof(MatMulSegment));
        int rowsMax = RowsOfPass(plan.Blocks);
        for (int first = 0; first < x.Rows; first += rowsMax)
        {
            segments[0] = new MatMulSegment { Weights = matrix.Block.Data, First = first, Rows = Math.Min(rowsMax, x.Rows - first) };
            RunPass(ref plan, segments, 1, segments[0].Rows);
        }
    }

    public void Run(
        Values x, IReadOnlyList<Matrix> experts, int* order, int orderRows, int* offsets, bool gather, bool scatter, Values y)
    {
        var plan = CreatePlan(x, (CpuMatrix)experts[0], y);
        plan.Gather = gather ? order : null;
        plan.Scatter = scatter ? order : null;
        RequireOffsets(offsets, experts.Count, orderRows);
        var segments = (MatMulSegment*)_segments.Take((long)experts.Count * sizeof(MatMulSegment));
        int rowsMax = RowsOfPass(plan.Blocks);
        int count = 0;
        int rows = 0;
        for (int expert = 0; expert < experts.Count; expert++)
        {
            for (int first = offsets[expert]; first < offsets[expert + 1];)
            {
                int taken = Math.Min(offsets[expert + 1] - first, rowsMax - rows);
                segments[count++] = new MatMulSegment
                {
                    Weights = ((CpuMatrix)experts[expert]).Block.Data,
                    First = first,
                    Rows = taken,
                    PackedRow = rows,
                };
                first += taken;
                rows += taken;
                if (rows == rowsMax)
                {
                    RunPass(ref plan, segments, count, rows);
                    count = rows = 0;
                }
            }
        }

        if (count > 0)
        {
            RunPass(ref plan, segments, count, rows);
        }
    }

    private static void RequireOffsets(int* offsets, int experts, int rows)
    {
        for (int expert = 0; expert < experts; expert++)
        {
            if (offsets[expert] < 0 || offsets[expert] > offsets[expert + 1] || offsets[expert + 1] > rows)
            {
                throw new InvalidOperationException(
                    $"offsets of expert {expert} are {offsets[expert]}..{offsets[expert + 1]} of {rows} rows");
            }
        }
    }

    private static int RowsOfPass(int blocks) =>
        (int)Math.Max(96, PackedBytesMax / ((long)blocks * Tiles.XStride * sizeof(float)) / 96 * 96);

    private static MatMulPlan CreatePlan(Values x, CpuMatrix matrix, Values y) => new()
    {
        X = x,
        Y = y,
        Pairs = CpuMatrix.Pairs(matrix.Inputs),
        Blocks = (matrix.Inputs + MatMulShapes.BlockInputs - 1) / MatMulShapes.BlockInputs,
        Panels = CpuMatrix.Panels(matrix.Outputs),
        PanelBytes = CpuMatrix.PanelBytes(matrix.Inputs, matrix.Storage),
        Bf16Weights = matrix.Storage == DType.BF16,
    };

    private void RunPass(ref MatMulPlan shared, MatMulSegment* segments, int count, int rows)
    {
        MatMulPlan plan = shared;
        plan.Segments = segments;
        plan.SegmentCount = count;
        plan.Packed = (float*)_packed.Take((long)rows * plan.Blocks * Tiles.XStride * sizeof(float));
        plan.Sums = (float*)_sums.Take(team.Threads * MatMulPlan.SumsOfThread * sizeof(float));

        // About four items a thread even out threads of unequal speed; eight panels share one pass over x.
        long panels = (long)plan.Panels * count;
        plan.ItemPanels = panels / (4 * team.Threads) >= MatMulPlan.ItemPanelsMax ? MatMulPlan.ItemPanelsMax : 4;
        plan.SegmentItems = (plan.Panels + plan.ItemPanels - 1) / plan.ItemPanels;

        int tiles = 0;
        for (int i = 0; i < count; i++)
        {
            segments[i].FirstTile = tiles;
            tiles += (segments[i].Rows + segments[i].TileRows - 1) / segments[i].TileRows;
        }

        plan.Tiles = tiles;
        team.Run(&PackItem, &plan, tiles, (long)rows * plan.Pairs >= ParallelWork / 4);
        long work = panels * plan.PanelBytes / count * (count + rows / 8);
        team.Run(&MultiplyItem, &plan, plan.SegmentItems * count, work >= ParallelWork);
    }

    private static void PackItem(void* arguments, int thread, int item) => PackedRows.Pack<L>((MatMulPlan*)arguments, item);

    private static void MultiplyItem(void* arguments, int thread, int item)
    {
        var plan = (MatMulPlan*)arguments;
        if (plan->Bf16Weights)
        {
            PanelGroup.Multiply<L, Bf16Panel>(plan, thread, item);
        }
        else
        {
            PanelGroup.Multiply<L, F32Panel>(plan, thread, item);
        }
    }

    public void Dispose()
    {
        _packed.Dispose();
        _segments.Dispose();
        _sums.Dispose();
    }
}
