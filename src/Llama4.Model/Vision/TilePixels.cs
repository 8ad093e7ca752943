namespace Llama4.Model;

/// <summary>
/// Tiles of one or more images, [tiles, channels, side, side], either as levels 0..255 (what serving sends: a quarter of the bytes) or as normalised
/// values. Borrowed: the memory must stay as it is until the tower is done.
/// </summary>
public sealed class TilePixels
{
    private static readonly ushort[] LevelBits = [.. Enumerable.Range(0, 256).Select(level => Normalised((byte)level))];

    private readonly VisionConfig _vision;
    private readonly ReadOnlyMemory<byte> _levels;
    private readonly ReadOnlyMemory<float> _values;

    private TilePixels(VisionConfig vision, ReadOnlyMemory<byte> levels, ReadOnlyMemory<float> values)
    {
        _vision = vision;
        _levels = levels;
        _values = values;
        long pixels = levels.IsEmpty ? values.Length : levels.Length;
        if (pixels == 0 || pixels % vision.PixelsOfTile != 0)
        {
            throw new ArgumentException(
                $"{pixels} pixels are not whole tiles [{vision.Channels}, {vision.TilePixels}, {vision.TilePixels}] of {vision.PixelsOfTile}, at least one");
        }
        Tiles = (int)(pixels / vision.PixelsOfTile);
    }

    public int Tiles { get; }

    /// <summary>Levels as the image processor leaves them, padding 0.</summary>
    /// <exception cref="ArgumentException">They are not one or more whole tiles.</exception>
    public static TilePixels OfLevels(VisionConfig vision, ReadOnlyMemory<byte> levels) => new(vision, levels, default);

    /// <summary>Values that are normalised already.</summary>
    /// <inheritdoc cref="OfLevels" path="/exception"/>
    public static TilePixels OfValues(VisionConfig vision, ReadOnlyMemory<float> values) => new(vision, default, values);

    /// <summary>bf16 of a level: (level/255 - 0.5)/0.5 with three roundings, as transformers' image processor computes in bf16.</summary>
    internal static ushort Normalised(byte level)
    {
        var scaled = Rounded(level * (1f / 255));
        return Bf16.FromFloat(Rounded(scaled - 0.5f) / 0.5f);

        static float Rounded(float value) => Bf16.ToFloat(Bf16.FromFloat(value));
    }

    /// <summary>The patches of some tiles in fp32: [tiles · patches, channels · side of a patch²].</summary>
    internal void Unfold(int firstTile, int tiles, Span<float> patches)
    {
        if (_levels.IsEmpty)
            Unfold(_values.Span, firstTile, tiles, patches, static value => value);
        else
            Unfold(_levels.Span, firstTile, tiles, patches, static level => Bf16.ToFloat(LevelBits[level]));
    }

    /// <summary>The same in bf16.</summary>
    internal void Unfold(int firstTile, int tiles, Span<ushort> patches)
    {
        if (_levels.IsEmpty)
            Unfold(_values.Span, firstTile, tiles, patches, Bf16.FromFloat);
        else
            Unfold(_levels.Span, firstTile, tiles, patches, static level => LevelBits[level]);
    }

    /// <summary>
    /// A patch's row holds its first channel line by line, then the next (torch's Unfold). The pixels are read in order: channel by channel, line by
    /// line, and each line is dealt to the patches it crosses.
    /// </summary>
    private void Unfold<TFrom, TTo>(ReadOnlySpan<TFrom> pixels, int firstTile, int tiles, Span<TTo> patches, Func<TFrom, TTo> convert)
    {
        int side = _vision.PatchPixels, lines = tiles * _vision.Channels * _vision.TilePixels;
        pixels = pixels.Slice(firstTile * _vision.PixelsOfTile, tiles * _vision.PixelsOfTile);
        for (var line = 0; line < lines; line++)
        {
            var (plane, y) = Math.DivRem(line, _vision.TilePixels);
            var (tile, channel) = Math.DivRem(plane, _vision.Channels);
            var from = pixels.Slice(line * _vision.TilePixels, _vision.TilePixels);
            var firstPatch = tile * _vision.Patches + y / side * _vision.PatchesOfSide;
            var column = (channel * side + y % side) * side;
            for (var patch = 0; patch < _vision.PatchesOfSide; patch++)
            {
                var to = patches.Slice((firstPatch + patch) * _vision.PatchWidth + column, side);
                for (var x = 0; x < side; x++)
                    to[x] = convert(from[patch * side + x]);
            }
        }
    }
}
