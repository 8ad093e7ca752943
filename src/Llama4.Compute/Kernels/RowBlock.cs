using System.Runtime.CompilerServices;
namespace Llama4.Compute.Kernels;

/// <summary>Up to twelve rows of x against some panels over one block of k: chooses the tiles.</summary>
internal static unsafe class RowBlock
{
    /// <param name="x">[rows] packed rows, <see cref="Tiles.XStride"/> floats apart.</param>
    /// <param name="panel">The first panel at the block's first k; the others follow every <paramref name="panelBytes"/>.</param>
    /// <param name="ahead">What will be read next, to be prefetched: usually the next tile of x.</param>
    /// <param name="sums">[rows, panels·16], rows <paramref name="stride"/> apart; may be written up to the next multiple of four panels.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Multiply<L, W>(
        float* x, int rows, byte* panel, long panelBytes, int panels, int pairs, float* sums, long stride, TileStart start, TileEnd end,
        byte* ahead)
        where L : unmanaged, ILanes<L>
        where W : IPanelFormat
    {
        if (typeof(L) == typeof(Lanes512))
        {
            for (; rows >= 12; rows -= 12, x += 12 * Tiles.XStride, sums += 12 * stride)
            {
                for (int p = 0; p < panels; p += 2)
                {
                    byte* p0 = panel + p * panelBytes;
                    Tiles.Rows12Panels2<L, W>(pairs, x, p0, p + 1 < panels ? p0 + panelBytes : p0, sums + p * 16, stride, start, end, ahead);
                }
            }

            for (; rows >= 8; rows -= 8, x += 8 * Tiles.XStride, sums += 8 * stride)
            {
                for (int p = 0; p < panels; p += 2)
                {
                    byte* p0 = panel + p * panelBytes;
                    Tiles.Rows8Panels2<L, W>(pairs, x, p0, p + 1 < panels ? p0 + panelBytes : p0, sums + p * 16, stride, start, end, ahead);
                }
            }
        }
        else
        {
            for (; rows >= 6; rows -= 6, x += 6 * Tiles.XStride, sums += 6 * stride)
            {
                for (int p = 0; p < panels; p++)
                {
                    Tiles.Rows6Panels1<L, W>(pairs, x, panel + p * panelBytes, sums + p * 16, stride, start, end, ahead + p % 2 * 64 * pairs);
                }
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

        for (; rows > 0; rows -= 2, x += 2 * Tiles.XStride, sums += 2 * stride)
        {
            for (int p = 0; p < panels; p += 4)
            {
                // Panels that do not exist repeat the last one; their sums are never read.
                byte* p0 = panel + p * panelBytes;
                byte* p1 = p + 1 < panels ? p0 + panelBytes : p0;
                byte* p2 = p + 2 < panels ? p1 + panelBytes : p1;
                byte* p3 = p + 3 < panels ? p2 + panelBytes : p2;
                if (rows == 1)
                {
                    Tiles.Rows1Panels4<L, W>(pairs, x, p0, p1, p2, p3, sums + p * 16, stride, start, end);
                }
                else
                {
                    Tiles.Rows2Panels4<L, W>(pairs, x, p0, p1, p2, p3, sums + p * 16, stride, start, end);
                }
            }
        }
    }
}
