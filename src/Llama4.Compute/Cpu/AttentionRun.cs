using Llama4.Compute.Kernels;

namespace Llama4.Compute.Cpu;

/// <summary>Writes keys and values, and splits attention into items: some (row, query head) pairs of one sequence and one key/value head.</summary>
internal sealed unsafe class AttentionRun<L>(WorkerTeam team) : IDisposable where L : unmanaged, ILanes<L>
{
    /// <summary>Query components times keys from which a second thread pays: measured at about 8 us of work, exponentials included.</summary>
    private const long ParallelWork = 64 * 1024;

    private readonly Scratch _items = new();
    private readonly Scratch _lanes = new();

    public void Write(Values qkv, AttentionShape shape, CpuKvCache cache, Values rows, Values tables)
    {
        var plan = CreatePlan(qkv, shape, cache, rows, tables);
        team.Run(&WriteItem, &plan, (qkv.Rows + 7) / 8, qkv.Rows >= 32);
    }

    public void Run(Values qkv, AttentionShape shape, CpuKvCache cache, Values rows, Values tables, Values y)
    {
        var plan = CreatePlan(qkv, shape, cache, rows, tables);
        plan.Y = y;
        plan.Scratch = (float*)_lanes.Take(team.Threads * AttentionScratch.FloatsOfThread(shape.HeadDim) * sizeof(float));
        plan.Items = (AttentionItem*)_items.Take(
            ((long)qkv.Rows * (plan.Group / AttentionScratch.QueriesMax + 2) * shape.KvHeads) * sizeof(AttentionItem));

        int items = 0;
        long work = 0;
        for (int head = 0; head < shape.KvHeads; head++)
        {
            for (int first = 0, end; first < qkv.Rows; first = end)
            {
                // Consecutive rows of one sequence share its keys.
                end = first + 1;
                while (end < qkv.Rows && plan.LineOf(end) == plan.LineOf(first))
                {
                    end++;
                }

                int queries = (end - first) * plan.Group;
                for (int query = 0; query < queries; query += AttentionScratch.QueriesMax)
                {
                    int count = Math.Min(AttentionScratch.QueriesMax, queries - query);
                    plan.Items[items++] = new AttentionItem { FirstRow = first, FirstQuery = query, Queries = count, KvHead = head };
                    work += (long)count * (plan.KeyOf(first + (query + count - 1) / plan.Group) + 1) * shape.HeadDim;
                }
            }
        }

        team.Run(&AttendItem, &plan, items, work >= ParallelWork);
    }

    private static AttentionPlan CreatePlan(Values qkv, AttentionShape shape, CpuKvCache cache, Values rows, Values tables)
    {
        var plan = new AttentionPlan
        {
            Qkv = qkv,
            Shape = shape,
            Group = shape.Heads / shape.KvHeads,
            Layout = cache.Layout,
            Cache = cache.Block.Data,
            Bf16Cache = cache.Shape.DType == DType.BF16,
            Rows = rows.Integers,
            Tables = tables,
        };

        for (int row = 0; row < qkv.Rows; row++)
        {
            int line = RowCopy.Checked(plan.LineOf(row), tables.Rows);
            int key = RowCopy.Checked(plan.KeyOf(row), tables.Width * KvShape.BlockPositions);
            for (int block = 0; block <= key / KvShape.BlockPositions; block++)
            {
                _ = RowCopy.Checked(tables.Row(line).Integers[block], cache.Shape.Blocks);
            }
        }

        return plan;
    }

    private static void WriteItem(void* arguments, int thread, int item)
    {
        var plan = (AttentionPlan*)arguments;
        int end = Math.Min(item * 8 + 8, plan->Qkv.Rows);
        for (int row = item * 8; row < end; row++)
        {
            KvWriter.WriteRow(plan, row);
        }
    }

    private static void AttendItem(void* arguments, int thread, int item)
    {
        var plan = (AttentionPlan*)arguments;
        if (plan->Bf16Cache)
        {
            AttentionKernel.Attend<L, Bf16Panel>(plan, thread, item);
        }
        else
        {
            AttentionKernel.Attend<L, F32Panel>(plan, thread, item);
        }
    }

    public void Dispose()
    {
        _items.Dispose();
        _lanes.Dispose();
    }
}
