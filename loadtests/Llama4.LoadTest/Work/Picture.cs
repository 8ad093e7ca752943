namespace Llama4.LoadTest.Work;

internal readonly record struct Rgb(byte R, byte G, byte B);

/// <summary>Pixels, row by row: [side, side].</summary>
internal sealed record Picture(int Side, Rgb[] Pixels)
{
    /// <summary>A disc, square or triangle somewhere in the middle.</summary>
    public static Picture Draw(Draws draws, int side, Rgb color, Rgb background)
    {
        var shape = draws.Below(3);
        var half = side * (0.25 + (0.15 * draws.Unit()));
        var (x0, y0) = (half + ((side - (2 * half)) * draws.Unit()), half + ((side - (2 * half)) * draws.Unit()));
        var pixels = new Rgb[side * side];
        for (var y = 0; y < side; y++)
        {
            for (var x = 0; x < side; x++)
            {
                var (dx, dy) = ((x + 0.5 - x0) / half, (y + 0.5 - y0) / half);
                var inside = shape switch
                {
                    0 => (dx * dx) + (dy * dy) <= 1,
                    1 => Math.Max(Math.Abs(dx), Math.Abs(dy)) <= 0.85,
                    _ => dy is >= -1 and <= 0.8 && Math.Abs(dx) <= (dy + 1) / 1.8,
                };
                pixels[(y * side) + x] = inside ? color : background;
            }
        }

        return new Picture(side, pixels);
    }
}
