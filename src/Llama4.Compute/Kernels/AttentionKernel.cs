using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>
/// Online softmax over runs of 128 keys from the table's start. Scores and weighted values are the tiles of the
/// matrix product. A masked key's weight is exactly 0 and adds exactly nothing, so it does not matter how
/// many of them a tile meets: prefill in any pieces and decode give the same bits.
/// </summary>
internal static unsafe class AttentionKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Attend<L, W>(AttentionPlan* plan, int thread, int item)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        AttentionItem queries = plan->Items[item];
        int headDim = plan->Shape.HeadDim;
        var scratch = new AttentionScratch(plan->Scratch + thread * AttentionScratch.FloatsOfThread(headDim), headDim);
        int lastKey = Begin<L>(plan, queries, scratch);
        for (int run = 0; run <= lastKey; run += AttentionShapes.RunKeys)
        {
            int keys = Math.Min(AttentionShapes.RunKeys, lastKey + 1 - run);
            if (queries.Queries < MatMulShapes.TileRows)
            {
                ScoreFew<L, W>(plan, queries, scratch, run, keys);
            }
            else
            {
                Score<L, W>(plan, queries, scratch, run, keys);
            }

            for (int query = 0; query < queries.Queries; query++)
            {
                int visible = plan->KeyOf(RowOf(plan, queries, query)) + 1 - run;
                Weigh<L>(scratch, query, keys, Math.Min(visible, keys), plan->Shape.Scale);
            }

            if (queries.Queries < MatMulShapes.TileRows)
            {
                WeightedFew<L, W>(plan, queries, scratch, run, keys, lastKey);
            }
            else
            {
                Weighted<L, W>(plan, queries, scratch, run, keys);
            }

            Combine<L>(plan, queries, scratch);
        }

        Finish<L>(plan, queries, scratch);
    }

    private static int RowOf(AttentionPlan* plan, AttentionItem queries, int query) =>
        queries.FirstRow + (queries.FirstQuery + query) / plan->Group;

    private static int HeadOf(AttentionPlan* plan, AttentionItem queries, int query) =>
        queries.KvHead * plan->Group + (queries.FirstQuery + query) % plan->Group;

    /// <returns>The greatest key index any query sees.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static int Begin<L>(AttentionPlan* plan, AttentionItem queries, AttentionScratch scratch) where L : unmanaged, ILanes<L>
    {
        int headDim = plan->Shape.HeadDim;
        int lastKey = 0;
        for (int query = 0; query < queries.Queries; query++)
        {
            int row = RowOf(plan, queries, query);
            lastKey = Math.Max(lastKey, plan->KeyOf(row));
            Values source = plan->Qkv.Row(row);
            int first = HeadOf(plan, queries, query) * headDim;
            for (int i = 0; i < headDim; i += 16)
            {
                L.Store(source.Load<L>(first + i, headDim - i), scratch.Queries + query * Tiles.XStride + i);
            }

            scratch.Greatest[query] = float.NegativeInfinity;
            L.Store(L.Zero, scratch.Sums + query * 16);
            for (int i = 0; i < scratch.OutputStride; i += 16)
            {
                L.Store(L.Zero, scratch.Outputs + query * scratch.OutputStride + i);
            }
        }

        return lastKey;
    }

    /// <summary>Scores of all queries against the run's keys, block by block.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Score<L, W>(AttentionPlan* plan, AttentionItem queries, AttentionScratch scratch, int run, int keys)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        int line = plan->LineOf(queries.FirstRow);
        for (int key = 0; key < keys; key += KvShape.BlockPositions)
        {
            byte* panels = plan->KeysOf(line, run + key, queries.KvHead);
            int count = keys - key > 16 ? 2 : 1;
            for (int query = 0; query < queries.Queries; query += MatMulShapes.TileRows)
            {
                RowBlock.Multiply<L, W>(
                    scratch.Queries + query * Tiles.XStride, Math.Min(MatMulShapes.TileRows, queries.Queries - query),
                    panels, plan->Layout.KeyPanelBytes, count, plan->Shape.HeadDim / 2,
                    scratch.Scores + query * Tiles.XStride + key, Tiles.XStride, TileStart.Zero, TileEnd.Store, new Ahead { X = panels });
            }
        }
    }

    /// <summary>Turns one query's scores into exp(score − greatest so far), 0 from <paramref name="visible"/> on.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weigh<L>(AttentionScratch scratch, int query, int keys, int visible, float scale) where L : unmanaged, ILanes<L>
    {
        float* scores = scratch.Scores + query * Tiles.XStride;
        int end = (keys + KvShape.BlockPositions - 1) / KvShape.BlockPositions * KvShape.BlockPositions;
        if (visible <= 0)
        {
            scratch.Factors[query] = 1f;
            new Span<float>(scores, end).Clear();
            return;
        }

        MaskTail(scores, visible, end);
        L scales = L.Broadcast(scale);
        L greatest = L.Broadcast(float.NegativeInfinity);
        for (int key = 0; key < visible; key += 16)
        {
            L score = L.Load(scores + key) * scales;
            L.Store(score, scores + key);
            greatest = L.SelectLess(greatest, score, score, greatest);
        }

        float before = scratch.Greatest[query];
        float now = MathF.Max(before, L.Largest(greatest));
        float factor = Exponential.Scalar(before - now);
        L sum = L.Zero;
        for (int key = 0; key < visible; key += 16)
        {
            L weight = Exponential.Of(L.Load(scores + key) - L.Broadcast(now));
            L.Store(weight, scores + key);
            sum += weight;
        }

        float* sums = scratch.Sums + query * 16;
        L.Store(L.FusedMultiplyAdd(L.Load(sums), L.Broadcast(factor), sum), sums);
        scratch.Greatest[query] = now;
        scratch.Factors[query] = factor;
    }

    /// <summary>Minus infinity up to the end of the panel (its exponential is 0), plain zeros from there.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void MaskTail(float* scores, int visible, int end)
    {
        int panelEnd = (visible + 15) & ~15;
        new Span<float>(scores + visible, panelEnd - visible).Fill(float.NegativeInfinity);
        new Span<float>(scores + panelEnd, Math.Max(0, end - panelEnd)).Clear();
    }

    /// <summary>weights·values of the run.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Weighted<L, W>(AttentionPlan* plan, AttentionItem queries, AttentionScratch scratch, int run, int keys)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        int line = plan->LineOf(queries.FirstRow);
        int stride = scratch.OutputStride;
        for (int key = 0; key < keys; key += KvShape.BlockPositions)
        {
            byte* panels = plan->KeysOf(line, run + key, queries.KvHead) + plan->Layout.KeyBytes;
            for (int query = 0; query < queries.Queries; query += MatMulShapes.TileRows)
            {
                RowBlock.Multiply<L, W>(
                    scratch.Scores + query * Tiles.XStride + key, Math.Min(MatMulShapes.TileRows, queries.Queries - query),
                    panels, plan->Layout.ValuePanelBytes, plan->Layout.ValuePanels, KvShape.BlockPositions / 2,
                    scratch.RunOutputs + query * stride, stride, key == 0 ? TileStart.Zero : TileStart.Sums, TileEnd.Store, new Ahead { X = panels });
            }
        }
    }

    /// <summary>
    /// The same as <see cref="Score"/> for a few queries, bound by reading the cache: two blocks at a time, so that four
    /// panels stream, while the same blocks' values are brought near.
    /// </summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ScoreFew<L, W>(AttentionPlan* plan, AttentionItem queries, AttentionScratch scratch, int run, int keys)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        const int Keys = 2 * KvShape.BlockPositions;
        int line = plan->LineOf(queries.FirstRow);
        for (int key = 0; key < keys; key += Keys)
        {
            byte* first = plan->KeysOf(line, run + key, queries.KvHead);
            byte* second = key + KvShape.BlockPositions < keys ? plan->KeysOf(line, run + key + KvShape.BlockPositions, queries.KvHead) : first;
            long panel = plan->Layout.KeyPanelBytes;
            RowBlock.MultiplyFew<L, W>(
                scratch.Queries, queries.Queries, first, first + panel, second, second + panel, plan->Shape.HeadDim / 2,
                scratch.Scores + key, Tiles.XStride, TileStart.Zero, plan->Layout.KeyBytes);
        }
    }

    /// <summary>The same as <see cref="Weighted"/> for a few queries, while the next run's keys are brought near.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void WeightedFew<L, W>(AttentionPlan* plan, AttentionItem queries, AttentionScratch scratch, int run, int keys, int lastKey)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        int line = plan->LineOf(queries.FirstRow);
        for (int key = 0; key < keys; key += KvShape.BlockPositions)
        {
            byte* values = plan->KeysOf(line, run + key, queries.KvHead) + plan->Layout.KeyBytes;
            int nextKey = run + key + AttentionShapes.RunKeys;
            long ahead = nextKey <= lastKey ? plan->KeysOf(line, nextKey, queries.KvHead) - values : 0;
            for (int panel = 0; panel < plan->Layout.ValuePanels; panel += 4)
            {
                byte* p0 = values + panel * plan->Layout.ValuePanelBytes;
                byte* p1 = panel + 1 < plan->Layout.ValuePanels ? p0 + plan->Layout.ValuePanelBytes : p0;
                byte* p2 = panel + 2 < plan->Layout.ValuePanels ? p1 + plan->Layout.ValuePanelBytes : p1;
                byte* p3 = panel + 3 < plan->Layout.ValuePanels ? p2 + plan->Layout.ValuePanelBytes : p2;
                RowBlock.MultiplyFew<L, W>(
                    scratch.Scores + key, queries.Queries, p0, p1, p2, p3, KvShape.BlockPositions / 2,
                    scratch.RunOutputs + panel * 16, scratch.OutputStride, key == 0 ? TileStart.Zero : TileStart.Sums, ahead);
            }
        }
    }

    /// <summary>outputs = outputs·factor + what the run adds.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Combine<L>(AttentionPlan* plan, AttentionItem queries, AttentionScratch scratch) where L : unmanaged, ILanes<L>
    {
        int stride = scratch.OutputStride;
        for (int query = 0; query < queries.Queries; query++)
        {
            L factor = L.Broadcast(scratch.Factors[query]);
            for (int i = 0; i < plan->Layout.ValuePanels * 16; i += 16)
            {
                float* output = scratch.Outputs + query * stride + i;

                // Adding +0 makes a sum that underflowed to -0 the same whether or not masked keys followed it.
                L ofRun = L.Load(scratch.RunOutputs + query * stride + i) + L.Zero;
                L.Store(L.FusedMultiplyAdd(L.Load(output), factor, ofRun), output);
            }
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void Finish<L>(AttentionPlan* plan, AttentionItem queries, AttentionScratch scratch) where L : unmanaged, ILanes<L>
    {
        int headDim = plan->Shape.HeadDim;
        for (int query = 0; query < queries.Queries; query++)
        {
            Values y = plan->Y.Row(RowOf(plan, queries, query));
            int first = HeadOf(plan, queries, query) * headDim;
            L sum = L.Broadcast(L.Sum(L.Load(scratch.Sums + query * 16)));
            for (int i = 0; i < headDim; i += 16)
            {
                L output = L.Load(scratch.Outputs + query * scratch.OutputStride + i) / sum + L.Zero;
                y.Store(output, first + i, headDim - i);
            }
        }
    }
}
