using System.Runtime.CompilerServices;

namespace Llama4.Compute.Kernels;

/// <summary>What to bring near while some rows are multiplied, so that reading memory and multiplying overlap.</summary>
internal unsafe struct Ahead
{
    /// <summary>The weights that follow, laid out as the ones being used; null if the caller does not know them.</summary>
    public byte* Weights;

    /// <summary>What these rows are of the tiles that share the weights: each asks for its part of what follows.</summary>
    public int Tile;

    public int Tiles;

    /// <summary>The next tile of x.</summary>
    public byte* X;
}

/// <summary>Up to twelve rows of x against some panels over one block of k: chooses the tiles.</summary>
internal static unsafe class RowBlock
{
    /// <param name="x">[rows] packed rows, <see cref="Tiles.XStride"/> floats apart.</param>
    /// <param name="panel">The first panel at the block's first k; the others follow every <paramref name="panelBytes"/>.</param>
    /// <param name="sums">[rows, panels·16], rows <paramref name="stride"/> apart; may be written up to the next multiple of four panels.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<L, W>(
        float* x, int rows, byte* panel, long panelBytes, int panels, int pairs, float* sums, long stride, TileStart start, TileEnd end, Ahead ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        if (typeof(L) == typeof(Lanes512))
        {
            for (; rows >= 8; rows -= rows >= 12 ? 12 : 8)
            {
                for (int p = 0; p < panels; p += 2)
                {
                    byte* p0 = panel + p * panelBytes;
                    byte* p1 = p + 1 < panels ? p0 + panelBytes : p0;
                    byte* ahead0 = ahead.X;
                    byte* ahead1 = ahead.X + 64 * pairs;
                    if (ahead.Weights != null && ahead.Tile < 2)
                    {
                        // Two tiles or more: the first asks for one panel of the next pair, the second for the other.
                        byte* next = ahead.Weights + p * panelBytes;
                        ahead0 = ahead.Tile == 0 ? next : next + panelBytes;
                        ahead1 = ahead.Tiles == 1 ? next + panelBytes : ahead1;
                    }

                    if (rows >= 12)
                    {
                        Tiles.Rows12Panels2<L, W>(pairs, x, p0, p1, sums + p * 16, stride, start, end, ahead0, ahead1);
                    }
                    else
                    {
                        Tiles.Rows8Panels2<L, W>(pairs, x, p0, p1, sums + p * 16, stride, start, end, ahead0, ahead1);
                    }
                }

                int done = rows >= 12 ? 12 : 8;
                x += done * Tiles.XStride;
                sums += done * stride;
            }

            for (; rows >= 4; rows -= 4, x += 4 * Tiles.XStride, sums += 4 * stride)
            {
                for (int p = 0; p < panels; p += 4)
                {
                    byte* p0 = panel + p * panelBytes;
                    byte* p1 = p + 1 < panels ? p0 + panelBytes : p0;
                    byte* p2 = p + 2 < panels ? p1 + panelBytes : p1;
                    byte* p3 = p + 3 < panels ? p2 + panelBytes : p2;
                    Tiles.Rows4Panels4<L, W>(pairs, x, p0, p1, p2, p3, sums + p * 16, stride, start, end, Tiles.WeightsAhead);
                }
            }
        }
        else
        {
            for (; rows >= 6; rows -= 6, x += 6 * Tiles.XStride, sums += 6 * stride)
            {
                for (int p = 0; p < panels; p++)
                {
                    Tiles.Rows6Panels1<L, W>(pairs, x, panel + p * panelBytes, sums + p * 16, stride, start, end, ahead.X + p % 2 * 64 * pairs);
                }
            }

            for (; rows >= 4; rows -= 4, x += 4 * Tiles.XStride, sums += 4 * stride)
            {
                for (int p = 0; p < panels; p += 2)
                {
                    byte* p0 = panel + p * panelBytes;
                    Tiles.Rows4Panels2<L, W>(pairs, x, p0, p + 1 < panels ? p0 + panelBytes : p0, sums + p * 16, stride, start, end);
                }
            }
        }

        for (; rows > 0; rows -= 2, x += 2 * Tiles.XStride, sums += 2 * stride)
        {
            for (int p = 0; p < panels; p += 4)
            {
                // Panels that do not exist repeat the last one; their sums are never read.
                byte* p0 = panel + p * panelBytes;
                byte* p1 = p + 1 < panels ? p0 + panelBytes : p0;
                byte* p2 = p + 2 < panels ? p1 + panelBytes : p1;
                byte* p3 = p + 3 < panels ? p2 + panelBytes : p2;
                FewRows<L, W>(x, rows, p0, p1, p2, p3, pairs, sums + p * 16, stride, start, end, Tiles.WeightsAhead);
            }
        }
    }

    /// <summary>Any number of rows against four panels, wherever they lie, with few rows a tile.</summary>
    /// <param name="ahead">Distance in bytes from each panel to what is brought near meanwhile, as long as the panel.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void MultiplyFew<L, W>(
        float* x, int rows, byte* p0, byte* p1, byte* p2, byte* p3, int pairs, float* sums, long stride, TileStart start, long ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        for (; rows >= 4 && typeof(L) == typeof(Lanes512); rows -= 4, x += 4 * Tiles.XStride, sums += 4 * stride)
        {
            Tiles.Rows4Panels4<L, W>(pairs, x, p0, p1, p2, p3, sums, stride, start, TileEnd.Store, ahead);
        }

        for (; rows > 0; rows -= 2, x += 2 * Tiles.XStride, sums += 2 * stride)
        {
            FewRows<L, W>(x, rows, p0, p1, p2, p3, pairs, sums, stride, start, TileEnd.Store, ahead);
        }
    }

    /// <summary>One row, or the first two of more.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static void FewRows<L, W>(
        float* x, int rows, byte* p0, byte* p1, byte* p2, byte* p3, int pairs, float* sums, long stride, TileStart start, TileEnd end, long ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        if (rows == 1)
        {
            Tiles.Rows1Panels4<L, W>(pairs, x, p0, p1, p2, p3, sums, stride, start, end, ahead);
        }
        else
        {
            Tiles.Rows2Panels4<L, W>(pairs, x, p0, p1, p2, p3, sums, stride, start, end, ahead);
        }
    }
}
