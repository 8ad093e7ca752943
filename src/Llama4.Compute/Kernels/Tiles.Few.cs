using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <content>
/// The tiles for few rows, bound by the stream of weights: four panels, so four streams. The last parameter is where
/// to read ahead, in bytes from what is being used.
/// </content>
internal static unsafe partial class Tiles
{
    /// <summary>One row against four panels: decoding, bound by the stream of weights.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows1Panels4<L, W>(
        int pairs, float* x, byte* p0, byte* p1, byte* p2, byte* p3, float* sums, long stride, TileStart start, TileEnd end, long ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        L s0a = L.Zero, s0b = L.Zero, s0c = L.Zero, s0d = L.Zero;
        if (start == TileStart.Sums)
        {
            s0a = L.Load(sums);
            s0b = L.Load(sums + 16);
            s0c = L.Load(sums + 32);
            s0d = L.Load(sums + 48);
        }

        for (int i = 0; i < pairs; i++)
        {
            L.Prefetch(p0 + ahead);
            L.Prefetch(p1 + ahead);
            L.Prefetch(p2 + ahead);
            L.Prefetch(p3 + ahead);
            L wa = W.Even<L>(p0);
            L wb = W.Even<L>(p1);
            L wc = W.Even<L>(p2);
            L wd = W.Even<L>(p3);
            L v = L.Broadcast(x[0]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            s0c = L.FusedMultiplyAdd(v, wc, s0c);
            s0d = L.FusedMultiplyAdd(v, wd, s0d);
            wa = W.Odd<L>(p0);
            wb = W.Odd<L>(p1);
            wc = W.Odd<L>(p2);
            wd = W.Odd<L>(p3);
            v = L.Broadcast(x[1]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            s0c = L.FusedMultiplyAdd(v, wc, s0c);
            s0d = L.FusedMultiplyAdd(v, wd, s0d);
            p0 += W.PairBytes;
            p1 += W.PairBytes;
            p2 += W.PairBytes;
            p3 += W.PairBytes;
            x += 2;
        }

        End(s0a, sums, end);
        End(s0b, sums + 16, end);
        End(s0c, sums + 32, end);
        End(s0d, sums + 48, end);
    }

    /// <summary>Two rows against four panels.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows2Panels4<L, W>(
        int pairs, float* x, byte* p0, byte* p1, byte* p2, byte* p3, float* sums, long stride, TileStart start, TileEnd end, long ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        L s0a = L.Zero, s0b = L.Zero, s0c = L.Zero, s0d = L.Zero;
        L s1a = L.Zero, s1b = L.Zero, s1c = L.Zero, s1d = L.Zero;
        if (start == TileStart.Sums)
        {
            s0a = L.Load(sums);
            s0b = L.Load(sums + 16);
            s0c = L.Load(sums + 32);
            s0d = L.Load(sums + 48);
            s1a = L.Load(sums + stride);
            s1b = L.Load(sums + stride + 16);
            s1c = L.Load(sums + stride + 32);
            s1d = L.Load(sums + stride + 48);
        }

        for (int i = 0; i < pairs; i++)
        {
            L.Prefetch(p0 + ahead);
            L.Prefetch(p1 + ahead);
            L.Prefetch(p2 + ahead);
            L.Prefetch(p3 + ahead);
            L wa = W.Even<L>(p0);
            L wb = W.Even<L>(p1);
            L wc = W.Even<L>(p2);
            L wd = W.Even<L>(p3);
            L v = L.Broadcast(x[0]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            s0c = L.FusedMultiplyAdd(v, wc, s0c);
            s0d = L.FusedMultiplyAdd(v, wd, s0d);
            v = L.Broadcast(x[XStride]);
            s1a = L.FusedMultiplyAdd(v, wa, s1a);
            s1b = L.FusedMultiplyAdd(v, wb, s1b);
            s1c = L.FusedMultiplyAdd(v, wc, s1c);
            s1d = L.FusedMultiplyAdd(v, wd, s1d);
            wa = W.Odd<L>(p0);
            wb = W.Odd<L>(p1);
            wc = W.Odd<L>(p2);
            wd = W.Odd<L>(p3);
            v = L.Broadcast(x[1]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            s0c = L.FusedMultiplyAdd(v, wc, s0c);
            s0d = L.FusedMultiplyAdd(v, wd, s0d);
            v = L.Broadcast(x[XStride + 1]);
            s1a = L.FusedMultiplyAdd(v, wa, s1a);
            s1b = L.FusedMultiplyAdd(v, wb, s1b);
            s1c = L.FusedMultiplyAdd(v, wc, s1c);
            s1d = L.FusedMultiplyAdd(v, wd, s1d);
            p0 += W.PairBytes;
            p1 += W.PairBytes;
            p2 += W.PairBytes;
            p3 += W.PairBytes;
            x += 2;
        }

        End(s0a, sums, end);
        End(s0b, sums + 16, end);
        End(s0c, sums + 32, end);
        End(s0d, sums + 48, end);
        End(s1a, sums + stride, end);
        End(s1b, sums + stride + 16, end);
        End(s1c, sums + stride + 32, end);
        End(s1d, sums + stride + 48, end);
    }

    /// <summary>Four rows against four panels: as many streams of weights as one row has, and sixteen chains.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Rows4Panels4<L, W>(
        int pairs, float* x, byte* p0, byte* p1, byte* p2, byte* p3, float* sums, long stride, TileStart start, TileEnd end, long ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        L s0a = L.Zero, s0b = L.Zero, s0c = L.Zero, s0d = L.Zero;
        L s1a = L.Zero, s1b = L.Zero, s1c = L.Zero, s1d = L.Zero;
        L s2a = L.Zero, s2b = L.Zero, s2c = L.Zero, s2d = L.Zero;
        L s3a = L.Zero, s3b = L.Zero, s3c = L.Zero, s3d = L.Zero;
        if (start == TileStart.Sums)
        {
            s0a = L.Load(sums);
            s0b = L.Load(sums + 16);
            s0c = L.Load(sums + 32);
            s0d = L.Load(sums + 48);
            s1a = L.Load(sums + stride);
            s1b = L.Load(sums + stride + 16);
            s1c = L.Load(sums + stride + 32);
            s1d = L.Load(sums + stride + 48);
            s2a = L.Load(sums + 2 * stride);
            s2b = L.Load(sums + 2 * stride + 16);
            s2c = L.Load(sums + 2 * stride + 32);
            s2d = L.Load(sums + 2 * stride + 48);
            s3a = L.Load(sums + 3 * stride);
            s3b = L.Load(sums + 3 * stride + 16);
            s3c = L.Load(sums + 3 * stride + 32);
            s3d = L.Load(sums + 3 * stride + 48);
        }

        for (int i = 0; i < pairs; i++)
        {
            L.Prefetch(p0 + ahead);
            L.Prefetch(p1 + ahead);
            L.Prefetch(p2 + ahead);
            L.Prefetch(p3 + ahead);
            L wa = W.Even<L>(p0);
            L wb = W.Even<L>(p1);
            L wc = W.Even<L>(p2);
            L wd = W.Even<L>(p3);
            L v = L.Broadcast(x[0]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            s0c = L.FusedMultiplyAdd(v, wc, s0c);
            s0d = L.FusedMultiplyAdd(v, wd, s0d);
            v = L.Broadcast(x[XStride]);
            s1a = L.FusedMultiplyAdd(v, wa, s1a);
            s1b = L.FusedMultiplyAdd(v, wb, s1b);
            s1c = L.FusedMultiplyAdd(v, wc, s1c);
            s1d = L.FusedMultiplyAdd(v, wd, s1d);
            v = L.Broadcast(x[2 * XStride]);
            s2a = L.FusedMultiplyAdd(v, wa, s2a);
            s2b = L.FusedMultiplyAdd(v, wb, s2b);
            s2c = L.FusedMultiplyAdd(v, wc, s2c);
            s2d = L.FusedMultiplyAdd(v, wd, s2d);
            v = L.Broadcast(x[3 * XStride]);
            s3a = L.FusedMultiplyAdd(v, wa, s3a);
            s3b = L.FusedMultiplyAdd(v, wb, s3b);
            s3c = L.FusedMultiplyAdd(v, wc, s3c);
            s3d = L.FusedMultiplyAdd(v, wd, s3d);
            wa = W.Odd<L>(p0);
            wb = W.Odd<L>(p1);
            wc = W.Odd<L>(p2);
            wd = W.Odd<L>(p3);
            v = L.Broadcast(x[1]);
            s0a = L.FusedMultiplyAdd(v, wa, s0a);
            s0b = L.FusedMultiplyAdd(v, wb, s0b);
            s0c = L.FusedMultiplyAdd(v, wc, s0c);
            s0d = L.FusedMultiplyAdd(v, wd, s0d);
            v = L.Broadcast(x[XStride + 1]);
            s1a = L.FusedMultiplyAdd(v, wa, s1a);
            s1b = L.FusedMultiplyAdd(v, wb, s1b);
            s1c = L.FusedMultiplyAdd(v, wc, s1c);
            s1d = L.FusedMultiplyAdd(v, wd, s1d);
            v = L.Broadcast(x[2 * XStride + 1]);
            s2a = L.FusedMultiplyAdd(v, wa, s2a);
            s2b = L.FusedMultiplyAdd(v, wb, s2b);
            s2c = L.FusedMultiplyAdd(v, wc, s2c);
            s2d = L.FusedMultiplyAdd(v, wd, s2d);
            v = L.Broadcast(x[3 * XStride + 1]);
            s3a = L.FusedMultiplyAdd(v, wa, s3a);
            s3b = L.FusedMultiplyAdd(v, wb, s3b);
            s3c = L.FusedMultiplyAdd(v, wc, s3c);
            s3d = L.FusedMultiplyAdd(v, wd, s3d);
            p0 += W.PairBytes;
            p1 += W.PairBytes;
            p2 += W.PairBytes;
            p3 += W.PairBytes;
            x += 2;
        }

        End(s0a, sums, end);
        End(s0b, sums + 16, end);
        End(s0c, sums + 32, end);
        End(s0d, sums + 48, end);
        End(s1a, sums + stride, end);
        End(s1b, sums + stride + 16, end);
        End(s1c, sums + stride + 32, end);
        End(s1d, sums + stride + 48, end);
        End(s2a, sums + 2 * stride, end);
        End(s2b, sums + 2 * stride + 16, end);
        End(s2c, sums + 2 * stride + 32, end);
        End(s2d, sums + 2 * stride + 48, end);
        End(s3a, sums + 3 * stride, end);
        End(s3b, sums + 3 * stride + 16, end);
        End(s3c, sums + 3 * stride + 32, end);
        End(s3d, sums + 3 * stride + 48, end);
    }
}
