namespace Llama4.Images;

/// <summary>How a stored picture has to be turned to stand upright; the numbers are EXIF's.</summary>
public enum Orientation
{
    Upright = 1,
    MirroredLeftRight = 2,
    UpsideDown = 3,
    MirroredTopBottom = 4,
    Transposed = 5,
    TurnedClockwise = 6,
    Transversed = 7,
    TurnedAnticlockwise = 8,
}

internal static class Orientations
{
    public static bool SwapsSides(this Orientation orientation) => orientation >= Orientation.Transposed;

    /// <summary>The picture as it is seen.</summary>
    public static RgbPicture Apply(this Orientation orientation, RgbPicture stored)
    {
        if (orientation == Orientation.Upright)
        {
            return stored;
        }

        var (w, h) = (stored.Width, stored.Height);
        var seen = orientation.SwapsSides() ? new RgbPicture(h, w) : new RgbPicture(w, h);

        // Where the seen picture's first pixel is stored, and how far it is to the next one in its row and in its column.
        var (first, right, down) = orientation switch
        {
            Orientation.MirroredLeftRight => (w - 1, -1, w),
            Orientation.UpsideDown => (w * h - 1, -1, -w),
            Orientation.MirroredTopBottom => (w * (h - 1), 1, -w),
            Orientation.Transposed => (0, w, 1),
            Orientation.TurnedClockwise => (w * (h - 1), -w, 1),
            Orientation.Transversed => (w * h - 1, -w, -1),
            Orientation.TurnedAnticlockwise => (w - 1, w, -1),
            _ => throw new ArgumentOutOfRangeException(nameof(orientation), orientation, "expected 1 to 8"),
        };
        var rgb = stored.Rgb;
        for (var y = 0; y < seen.Height; y++)
        {
            var row = seen.Row(y);
            var from = 3 * (first + y * down);
            for (var x = 0; x < row.Length; x += 3, from += 3 * right)
            {
                row[x] = rgb[from];
                row[x + 1] = rgb[from + 1];
                row[x + 2] = rgb[from + 2];
            }
        }

        return seen;
    }
}
