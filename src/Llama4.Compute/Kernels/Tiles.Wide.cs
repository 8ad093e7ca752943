using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <content>The tiles for many rows, as large as the registers allow.</content>
internal static unsafe partial class Tiles
{
    /// <summary>Twelve rows against two panels: 24 sums, 2 weights and 1 broadcast in the 32 registers of AVX-512.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows12Panels2<L, W>(int pairs, float* x, byte* p0, byte* p1, float* sums, long stride, TileStart start, TileEnd end, byte* ahead0, byte* ahead1)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        L s0a = L.Zero, s0b = L.Zero;
        L s1a = L.Zero, s1b = L.Zero;
        L s2a = L.Zero, s2b = L.Zero;
        L s3a = L.Zero, s3b = L.Zero;
        L s4a = L.Zero, s4b = L.Zero;
        L s5a = L.Zero, s5b = L.Zero;
        L s6a = L.Zero, s6b = L.Zero;
        L s7a = L.Zero, s7b = L.Zero;
        L s8a = L.Zero, s8b = L.Zero;
        L s9a = L.Zero, s9b = L.Zero;
        L s10a = L.Zero, s10b = L.Zero;
        L s11a = L.Zero, s11b = L.Zero;
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
            s4a = L.Load(sums + 4 * stride);
            s4b = L.Load(sums + 4 * stride + 16);
            s5a = L.Load(sums + 5 * stride);
            s5b = L.Load(sums + 5 * stride + 16);
            s6a = L.Load(sums + 6 * stride);
            s6b = L.Load(sums + 6 * stride + 16);
            s7a = L.Load(sums + 7 * stride);
            s7b = L.Load(sums + 7 * stride + 16);
            s8a = L.Load(sums + 8 * stride);
            s8b = L.Load(sums + 8 * stride + 16);
            s9a = L.Load(sums + 9 * stride);
            s9b = L.Load(sums + 9 * stride + 16);
            s10a = L.Load(sums + 10 * stride);
            s10b = L.Load(sums + 10 * stride + 16);
            s11a = L.Load(sums + 11 * stride);
            s11b = L.Load(sums + 11 * stride + 16);
        }

        for (int i = 0; i < pairs; i++)
        {
            L.Prefetch(p0 + WeightsAhead);
            L.Prefetch(p1 + WeightsAhead);
            L.Prefetch(ahead0);
            L.Prefetch(ahead1);
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
            v = L.Broadcast(x[4 * XStride]);
            s4a = L.FusedMultiplyAdd(v, wa, s4a);
            s4b = L.FusedMultiplyAdd(v, wb, s4b);
            v = L.Broadcast(x[5 * XStride]);
            s5a = L.FusedMultiplyAdd(v, wa, s5a);
            s5b = L.FusedMultiplyAdd(v, wb, s5b);
            v = L.Broadcast(x[6 * XStride]);
            s6a = L.FusedMultiplyAdd(v, wa, s6a);
            s6b = L.FusedMultiplyAdd(v, wb, s6b);
            v = L.Broadcast(x[7 * XStride]);
            s7a = L.FusedMultiplyAdd(v, wa, s7a);
            s7b = L.FusedMultiplyAdd(v, wb, s7b);
            v = L.Broadcast(x[8 * XStride]);
            s8a = L.FusedMultiplyAdd(v, wa, s8a);
            s8b = L.FusedMultiplyAdd(v, wb, s8b);
            v = L.Broadcast(x[9 * XStride]);
            s9a = L.FusedMultiplyAdd(v, wa, s9a);
            s9b = L.FusedMultiplyAdd(v, wb, s9b);
            v = L.Broadcast(x[10 * XStride]);
            s10a = L.FusedMultiplyAdd(v, wa, s10a);
            s10b = L.FusedMultiplyAdd(v, wb, s10b);
            v = L.Broadcast(x[11 * XStride]);
            s11a = L.FusedMultiplyAdd(v, wa, s11a);
            s11b = L.FusedMultiplyAdd(v, wb, s11b);
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
            v = L.Broadcast(x[4 * XStride + 1]);
            s4a = L.FusedMultiplyAdd(v, wa, s4a);
            s4b = L.FusedMultiplyAdd(v, wb, s4b);
            v = L.Broadcast(x[5 * XStride + 1]);
            s5a = L.FusedMultiplyAdd(v, wa, s5a);
            s5b = L.FusedMultiplyAdd(v, wb, s5b);
            v = L.Broadcast(x[6 * XStride + 1]);
            s6a = L.FusedMultiplyAdd(v, wa, s6a);
            s6b = L.FusedMultiplyAdd(v, wb, s6b);
            v = L.Broadcast(x[7 * XStride + 1]);
            s7a = L.FusedMultiplyAdd(v, wa, s7a);
            s7b = L.FusedMultiplyAdd(v, wb, s7b);
            v = L.Broadcast(x[8 * XStride + 1]);
            s8a = L.FusedMultiplyAdd(v, wa, s8a);
            s8b = L.FusedMultiplyAdd(v, wb, s8b);
            v = L.Broadcast(x[9 * XStride + 1]);
            s9a = L.FusedMultiplyAdd(v, wa, s9a);
            s9b = L.FusedMultiplyAdd(v, wb, s9b);
            v = L.Broadcast(x[10 * XStride + 1]);
            s10a = L.FusedMultiplyAdd(v, wa, s10a);
            s10b = L.FusedMultiplyAdd(v, wb, s10b);
            v = L.Broadcast(x[11 * XStride + 1]);
            s11a = L.FusedMultiplyAdd(v, wa, s11a);
            s11b = L.FusedMultiplyAdd(v, wb, s11b);
            p0 += W.PairBytes;
            p1 += W.PairBytes;
            x += 2;
            ahead0 += 64;
            ahead1 += 64;
        }

        End(s0a, sums, end);
        End(s0b, sums + 16, end);
        End(s1a, sums + stride, end);
        End(s1b, sums + stride + 16, end);
        End(s2a, sums + 2 * stride, end);
        End(s2b, sums + 2 * stride + 16, end);
        End(s3a, sums + 3 * stride, end);
        End(s3b, sums + 3 * stride + 16, end);
        End(s4a, sums + 4 * stride, end);
        End(s4b, sums + 4 * stride + 16, end);
        End(s5a, sums + 5 * stride, end);
        End(s5b, sums + 5 * stride + 16, end);
        End(s6a, sums + 6 * stride, end);
        End(s6b, sums + 6 * stride + 16, end);
        End(s7a, sums + 7 * stride, end);
        End(s7b, sums + 7 * stride + 16, end);
        End(s8a, sums + 8 * stride, end);
        End(s8b, sums + 8 * stride + 16, end);
        End(s9a, sums + 9 * stride, end);
        End(s9b, sums + 9 * stride + 16, end);
        End(s10a, sums + 10 * stride, end);
        End(s10b, sums + 10 * stride + 16, end);
        End(s11a, sums + 11 * stride, end);
        End(s11b, sums + 11 * stride + 16, end);
    }

    /// <summary>Eight rows against two panels: what is left of the tiles of twelve, and batches of 8 and 16.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows8Panels2<L, W>(int pairs, float* x, byte* p0, byte* p1, float* sums, long stride, TileStart start, TileEnd end, byte* ahead0, byte* ahead1)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        L s0a = L.Zero, s0b = L.Zero;
        L s1a = L.Zero, s1b = L.Zero;
        L s2a = L.Zero, s2b = L.Zero;
        L s3a = L.Zero, s3b = L.Zero;
        L s4a = L.Zero, s4b = L.Zero;
        L s5a = L.Zero, s5b = L.Zero;
        L s6a = L.Zero, s6b = L.Zero;
        L s7a = L.Zero, s7b = L.Zero;
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
            s4a = L.Load(sums + 4 * stride);
            s4b = L.Load(sums + 4 * stride + 16);
            s5a = L.Load(sums + 5 * stride);
            s5b = L.Load(sums + 5 * stride + 16);
            s6a = L.Load(sums + 6 * stride);
            s6b = L.Load(sums + 6 * stride + 16);
            s7a = L.Load(sums + 7 * stride);
            s7b = L.Load(sums + 7 * stride + 16);
        }

        for (int i = 0; i < pairs; i++)
        {
            L.Prefetch(p0 + WeightsAhead);
            L.Prefetch(p1 + WeightsAhead);
            L.Prefetch(ahead0);
            L.Prefetch(ahead1);
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
            v = L.Broadcast(x[4 * XStride]);
            s4a = L.FusedMultiplyAdd(v, wa, s4a);
            s4b = L.FusedMultiplyAdd(v, wb, s4b);
            v = L.Broadcast(x[5 * XStride]);
            s5a = L.FusedMultiplyAdd(v, wa, s5a);
            s5b = L.FusedMultiplyAdd(v, wb, s5b);
            v = L.Broadcast(x[6 * XStride]);
            s6a = L.FusedMultiplyAdd(v, wa, s6a);
            s6b = L.FusedMultiplyAdd(v, wb, s6b);
            v = L.Broadcast(x[7 * XStride]);
            s7a = L.FusedMultiplyAdd(v, wa, s7a);
            s7b = L.FusedMultiplyAdd(v, wb, s7b);
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
            v = L.Broadcast(x[4 * XStride + 1]);
            s4a = L.FusedMultiplyAdd(v, wa, s4a);
            s4b = L.FusedMultiplyAdd(v, wb, s4b);
            v = L.Broadcast(x[5 * XStride + 1]);
            s5a = L.FusedMultiplyAdd(v, wa, s5a);
            s5b = L.FusedMultiplyAdd(v, wb, s5b);
            v = L.Broadcast(x[6 * XStride + 1]);
            s6a = L.FusedMultiplyAdd(v, wa, s6a);
            s6b = L.FusedMultiplyAdd(v, wb, s6b);
            v = L.Broadcast(x[7 * XStride + 1]);
            s7a = L.FusedMultiplyAdd(v, wa, s7a);
            s7b = L.FusedMultiplyAdd(v, wb, s7b);
            p0 += W.PairBytes;
            p1 += W.PairBytes;
            x += 2;
            ahead0 += 64;
            ahead1 += 64;
        }

        End(s0a, sums, end);
        End(s0b, sums + 16, end);
        End(s1a, sums + stride, end);
        End(s1b, sums + stride + 16, end);
        End(s2a, sums + 2 * stride, end);
        End(s2b, sums + 2 * stride + 16, end);
        End(s3a, sums + 3 * stride, end);
        End(s3b, sums + 3 * stride + 16, end);
        End(s4a, sums + 4 * stride, end);
        End(s4b, sums + 4 * stride + 16, end);
        End(s5a, sums + 5 * stride, end);
        End(s5b, sums + 5 * stride + 16, end);
        End(s6a, sums + 6 * stride, end);
        End(s6b, sums + 6 * stride + 16, end);
        End(s7a, sums + 7 * stride, end);
        End(s7b, sums + 7 * stride + 16, end);
    }
}
