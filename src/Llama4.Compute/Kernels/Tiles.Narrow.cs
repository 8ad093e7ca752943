using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <content>The tile for many rows on sixteen registers.</content>
internal static unsafe partial class Tiles
{
    /// <summary>Six rows against one panel: 12 sums, 2 weights and 1 broadcast in the 16 registers of AVX2.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows6Panels1<L, W>(int pairs, float* x, byte* p0, float* sums, long stride, TileStart start, TileEnd end, byte* ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        L s0a = L.Zero;
        L s1a = L.Zero;
        L s2a = L.Zero;
        L s3a = L.Zero;
        L s4a = L.Zero;
        L s5a = L.Zero;
        if (start == TileStart.Sums)
        {
            s0a = L.Load(sums);
            s1a = L.Load(sums + stride);
            s2a = L.Load(sums + 2 * stride);
            s3a = L.Load(sums + 3 * stride);
            s4a = L.Load(sums + 4 * stride);
            s5a = L.Load(sums + 5 * stride);
        }

        for (int i = 0; i < pairs; i++)
        {
            L.Prefetch(p0 + WeightsAhead);
            L.Prefetch(ahead);
            L wa = W.Even<L>(p0);
            s0a = L.FusedMultiplyAdd(L.Broadcast(x[0]), wa, s0a);
            s1a = L.FusedMultiplyAdd(L.Broadcast(x[XStride]), wa, s1a);
            s2a = L.FusedMultiplyAdd(L.Broadcast(x[2 * XStride]), wa, s2a);
            s3a = L.FusedMultiplyAdd(L.Broadcast(x[3 * XStride]), wa, s3a);
            s4a = L.FusedMultiplyAdd(L.Broadcast(x[4 * XStride]), wa, s4a);
            s5a = L.FusedMultiplyAdd(L.Broadcast(x[5 * XStride]), wa, s5a);
            wa = W.Odd<L>(p0);
            s0a = L.FusedMultiplyAdd(L.Broadcast(x[1]), wa, s0a);
            s1a = L.FusedMultiplyAdd(L.Broadcast(x[XStride + 1]), wa, s1a);
            s2a = L.FusedMultiplyAdd(L.Broadcast(x[2 * XStride + 1]), wa, s2a);
            s3a = L.FusedMultiplyAdd(L.Broadcast(x[3 * XStride + 1]), wa, s3a);
            s4a = L.FusedMultiplyAdd(L.Broadcast(x[4 * XStride + 1]), wa, s4a);
            s5a = L.FusedMultiplyAdd(L.Broadcast(x[5 * XStride + 1]), wa, s5a);
            p0 += W.PairBytes;
            x += 2;
            ahead += 64;
        }

        End(s0a, sums, end);
        End(s1a, sums + stride, end);
        End(s2a, sums + 2 * stride, end);
        End(s3a, sums + 3 * stride, end);
        End(s4a, sums + 4 * stride, end);
        End(s5a, sums + 5 * stride, end);
    }
}
