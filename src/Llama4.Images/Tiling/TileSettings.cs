namespace Llama4.Images;

/// <summary>What a model wants its pictures to be: the values of its <c>preprocessor_config.json</c> and <c>vision_config</c>.</summary>
public sealed record TileSettings
{
    /// <summary>Levels of one picture's tiles stay addressable by an int.</summary>
    private const long LevelsMax = int.MaxValue;

    /// <param name="tilePixels">Side of a tile.</param>
    /// <param name="tilesMax">Of a picture, the global tile not counted; <c>max_patches</c>.</param>
    /// <param name="patchPixels">Side of a patch.</param>
    /// <param name="patchesPerToken">Along a side: the pixel shuffle makes one token of a square of patches.</param>
    public TileSettings(int tilePixels = 336, int tilesMax = 16, int patchPixels = 14, int patchesPerToken = 2)
    {
        if (patchPixels < 1 || patchesPerToken < 1 || tilePixels < 1 || tilePixels % ((long)patchPixels * patchesPerToken) != 0)
        {
            throw new ArgumentException($"expected a tile of a multiple of {(long)patchPixels * patchesPerToken} pixels, found {tilePixels}");
        }

        if (tilesMax < 1 || (tilesMax + 1L) * 3 * tilePixels * tilePixels > LevelsMax)
        {
            throw new ArgumentException($"expected at least 1 tile and at most {LevelsMax} levels, found {tilesMax} tiles of {tilePixels} pixels");
        }

        (TilePixels, TilesMax, PatchPixels, PatchesPerToken) = (tilePixels, tilesMax, patchPixels, patchesPerToken);
    }

    public int TilePixels { get; }

    public int TilesMax { get; }

    public int PatchPixels { get; }

    public int PatchesPerToken { get; }

    /// <summary>Tokens of one tile: 144 of Llama 4's.</summary>
    public int TileTokens => TilePixels / PatchPixels / PatchesPerToken * (TilePixels / PatchPixels / PatchesPerToken);
}
