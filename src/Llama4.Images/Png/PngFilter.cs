namespace Llama4.Images.Png;

/// <summary>The five filters of PNG, undone in place.</summary>
internal static class PngFilter
{
    /// <param name="filter">The number before the row.</param>
    /// <param name="above">The row above, unfiltered; zeros for the first one.</param>
    /// <param name="pixelBytes">How far the left neighbour's byte is.</param>
    public static void Undo(int filter, Span<byte> row, ReadOnlySpan<byte> above, int pixelBytes)
    {
        above = above[..row.Length];
        switch (filter)
        {
            case 0:
                return;
            case 1:
                for (var i = pixelBytes; i < row.Length; i++)
                {
                    row[i] += row[i - pixelBytes];
                }

                return;
            case 2:
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] += above[i];
                }

                return;
            case 3:
                for (var i = 0; i < row.Length; i++)
                {
                    var left = i < pixelBytes ? 0 : row[i - pixelBytes];
                    row[i] += (byte)((left + above[i]) >> 1);
                }

                return;
            case 4:
                for (var i = 0; i < row.Length; i++)
                {
                    row[i] += i < pixelBytes ? above[i] : Paeth(row[i - pixelBytes], above[i], above[i - pixelBytes]);
                }

                return;
            default:
                throw new ImageFormatException($"PNG: expected a filter of 0 to 4, found {filter}");
        }
    }

    /// <summary>Whichever neighbour is nearest to left + up - corner; ties go to the first.</summary>
    private static byte Paeth(int left, int up, int corner)
    {
        var toLeft = Math.Abs(up - corner);
        var toUp = Math.Abs(left - corner);
        var toCorner = Math.Abs(left + up - 2 * corner);
        return (byte)(toLeft <= toUp && toLeft <= toCorner ? left : toUp <= toCorner ? up : corner);
    }
}
