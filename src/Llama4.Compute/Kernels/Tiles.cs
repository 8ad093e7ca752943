using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <summary>What a tile's chains start from.</summary>
internal enum TileStart
{
    Zero,

    /// <summary>The sums in memory: the chain goes on.</summary>
    Sums,
}

/// <summary>What becomes of a tile's chains.</summary>
internal enum TileEnd
{
    Store,

    /// <summary>Added to the sums in memory: the next block of 512 k.</summary>
    Add,
}

/// <summary>
/// The innermost products: R rows of x times P panels of 16 outputs, over one block of k. Every output element is one
/// chain of fused multiply-adds in k order, so all tiles give the same bits; they differ in how often they load what.
/// </summary>
internal static unsafe partial class Tiles
{
    /// <summary>
    /// Floats between packed rows of x: a block of 512 k and one cache line more, so that the rows of a tile
    /// do not fall into the same cache sets.
    /// </summary>
    public const int XStride = MatMulShapes.BlockInputs + 16;

    /// <summary>
    /// How far ahead of their use weights are asked for, in bytes of a panel. Measured on Zen 5 at 1, 2, 4 and 16 rows
    /// from memory: 512 and 1024 bytes are 5 to 10% slower, 4096 up to 40%.
    /// </summary>
    public const int WeightsAhead = 2048;

    /// <summary>The plainest version: one row, one panel, [16] sums.</summary>
    public static void Scalar<W>(int pairs, float* x, byte* panel, float* sums, TileStart start, TileEnd end) where W : IPanelFormat
    {
        for (int lane = 0; lane < 16; lane++)
        {
            float sum = start == TileStart.Sums ? sums[lane] : 0f;
            for (int k = 0; k < 2 * pairs; k++)
            {
                float weight = W.PairBytes == 64
                    ? BFloat.Widen(((ushort*)panel)[(k / 2 * 16 + lane) * 2 + k % 2])
                    : ((float*)panel)[k * 16 + lane];
                sum = MathF.FusedMultiplyAdd(x[k], weight, sum);
            }

            sums[lane] = end == TileEnd.Add ? sums[lane] + sum : sum;
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void End<L>(L chain, float* sums, TileEnd end) where L : unmanaged, ILanes<L> =>
        L.Store(end == TileEnd.Add ? L.Load(sums) + chain : chain, sums);

    /// <summary>Four rows against two panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4Panels2<L, W>(int pairs, float* x, byte* p0, byte* p1, float* sums, long stride, TileStart start, TileEnd end)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        L s0a = L.Zero, s0b = L.Zero;
        L s1a = L.Zero, s1b = L.Zero;
        L s2a = L.Zero, s2b = L.Zero;
        L s3a = L.Zero, s3b = L.Zero;
        if (start == TileStart.Sums)
        {
            s0a = L.Load(sums);
            s0b = L.Load(sums + 16);
            s1a = L.Load(sums + stride);
            s1b = L.Load(sums + stride + 16);
            s2a = L.Load(sums + 2 * stride);
            s2b = L.Load(sums + 2 * stride + 16);
            s3a = L.Load(sums + 3 * stride);
            s3b = L.Load(sums + 3 * stride + 16);
        }

        for (int i = 0; i < pairs; i++)
        {
            L.Prefetch(p0 + WeightsAhead);
            L.Prefetch(p1 + WeightsAhead);
            L wa = W.Even<L>(p0);
            L wb = W.Even<L>(p1);
            L v = L.Broadcast(x[0]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            v = L.Broadcast(x[XStride]);
            s1a = L.FusedMultiplyAdd(v, wa, s1a);
            s1b = L.FusedMultiplyAdd(v, wb, s1b);
            v = L.Broadcast(x[2 * XStride]);
            s2a = L.FusedMultiplyAdd(v, wa, s2a);
            s2b = L.FusedMultiplyAdd(v, wb, s2b);
            v = L.Broadcast(x[3 * XStride]);
            s3a = L.FusedMultiplyAdd(v, wa, s3a);
            s3b = L.FusedMultiplyAdd(v, wb, s3b);
            wa = W.Odd<L>(p0);
            wb = W.Odd<L>(p1);
            v = L.Broadcast(x[1]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            v = L.Broadcast(x[XStride + 1]);
            s1a = L.FusedMultiplyAdd(v, wa, s1a);
            s1b = L.FusedMultiplyAdd(v, wb, s1b);
            v = L.Broadcast(x[2 * XStride + 1]);
            s2a = L.FusedMultiplyAdd(v, wa, s2a);
            s2b = L.FusedMultiplyAdd(v, wb, s2b);
            v = L.Broadcast(x[3 * XStride + 1]);
            s3a = L.FusedMultiplyAdd(v, wa, s3a);
            s3b = L.FusedMultiplyAdd(v, wb, s3b);
            p0 += W.PairBytes;
            p1 += W.PairBytes;
            x += 2;
        }

        End(s0a, sums, end);
        End(s0b, sums + 16, end);
        End(s1a, sums + stride, end);
        End(s1b, sums + stride + 16, end);
        End(s2a, sums + 2 * stride, end);
        End(s2b, sums + 2 * stride + 16, end);
        End(s3a, sums + 3 * stride, end);
        End(s3b, sums + 3 * stride + 16, end);
    }
}
