namespace Llama4.Images;

/// <summary>
/// Resizes a picture as the reference does: first each row, rounded to bytes, then each column. Rows are made one at a time and added
/// to the outputs that see them, so memory is the result and a few rows.
/// </summary>
public static class TileResize
{
    /// <summary>The picture at another size; the same picture if it has that size.</summary>
    public static RgbPicture Resize(RgbPicture picture, int width, int height)
    {
        if (width == picture.Width && height == picture.Height)
        {
            return picture;
        }

        var resized = new RgbPicture(width, height);
        var across = width == picture.Width ? null : new ResizeWeights(picture.Width, width);
        if (height == picture.Height)
        {
            for (var y = 0; y < height; y++)
            {
                ResizeRow(picture.Row(y), across!, resized.Row(y));
            }
        }
        else
        {
            ResizeColumns(picture, across, resized);
        }

        return resized;
    }

    /// <param name="across">Null leaves the rows as they are.</param>
    private static void ResizeColumns(RgbPicture picture, ResizeWeights? across, RgbPicture resized)
    {
        var down = new ResizeWeights(picture.Height, resized.Height);
        var made = new byte[3 * resized.Width];
        var sums = new Queue<int[]>(); // of the outputs from `done` on that have begun
        var free = new Stack<int[]>();
        var done = 0;
        for (var y = 0; y < picture.Height; y++)
        {
            while (done + sums.Count < resized.Height && down.First(done + sums.Count) <= y)
            {
                var sum = free.Count > 0 ? free.Pop() : new int[made.Length];
                Array.Fill(sum, down.Half);
                sums.Enqueue(sum);
            }

            var row = picture.Row(y);
            if (across is not null && sums.Count > 0)
            {
                ResizeRow(row, across, made);
                row = made;
            }

            var output = done;
            foreach (var sum in sums)
            {
                var tap = y - down.First(output);
                var weights = down.Of(output);
                if (tap < weights.Length)
                {
                    Add(row, weights[tap], sum);
                }

                output++;
            }

            while (sums.Count > 0 && y >= down.First(done) + down.Of(done).Length - 1)
            {
                var sum = sums.Dequeue();
                ToLevels(sum, down.Precision, resized.Row(done++));
                free.Push(sum);
            }
        }
    }

    private static void ResizeRow(ReadOnlySpan<byte> row, ResizeWeights across, Span<byte> resized)
    {
        var (half, precision) = (across.Half, across.Precision);
        for (int x = 0, to = 0; to < resized.Length; x++, to += 3)
        {
            var weights = across.Of(x);
            var seen = row.Slice(3 * across.First(x), 3 * weights.Length);
            var (red, green, blue) = (half, half, half);
            foreach (int weight in weights)
            {
                red += weight * seen[0];
                green += weight * seen[1];
                blue += weight * seen[2];
                seen = seen[3..];
            }

            resized[to] = Level(red >> precision);
            resized[to + 1] = Level(green >> precision);
            resized[to + 2] = Level(blue >> precision);
        }
    }

    private static void Add(ReadOnlySpan<byte> row, int weight, int[] sums)
    {
        row = row[..sums.Length];
        for (var i = 0; i < sums.Length; i++)
        {
            sums[i] += weight * row[i];
        }
    }

    private static void ToLevels(ReadOnlySpan<int> sums, int precision, Span<byte> row)
    {
        row = row[..sums.Length];
        for (var i = 0; i < sums.Length; i++)
        {
            row[i] = Level(sums[i] >> precision);
        }
    }

    private static byte Level(int value) => (byte)((uint)value <= 255 ? value : value < 0 ? 0 : 255);
}
