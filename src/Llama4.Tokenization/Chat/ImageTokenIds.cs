namespace Llama4.Tokenization.Chat;

/// <summary>The ids of the special tokens that write a picture into a prompt.</summary>
public sealed record ImageTokenIds(int Start, int End, int ColumnSeparator, int RowSeparator, int Image, int Patch)
{
    /// <summary>Those of Llama 4's own vocabulary.</summary>
    public static ImageTokenIds Llama4 { get; } = new(200080, 200081, 200084, 200085, 200090, 200092);

    /// <summary>Those of a tokenizer.</summary>
    /// <exception cref="KeyNotFoundException">It lacks one of them.</exception>
    public static ImageTokenIds Of(Tokenizer tokenizer) => new(
        tokenizer.Specials["<|image_start|>"],
        tokenizer.Specials["<|image_end|>"],
        tokenizer.Specials["<|tile_x_separator|>"],
        tokenizer.Specials["<|tile_y_separator|>"],
        tokenizer.Specials["<|image|>"],
        tokenizer.Specials["<|patch|>"]);
}
