namespace Llama4.Tokenization.Chat;

/// <summary>How many tiles a picture is cut into, and so which tokens stand for it.</summary>
/// <param name="TilesHigh">Rows of tiles.</param>
/// <param name="TilesWide">Tiles of a row.</param>
/// <param name="TileTokens">Patch tokens of a tile: 144 of Llama 4's 336 pixels, 16 of scout-nano's 112.</param>
public sealed record ImageLayout(int TilesHigh, int TilesWide, int TileTokens);
