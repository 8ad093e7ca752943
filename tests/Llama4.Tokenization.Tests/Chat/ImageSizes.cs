using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Tokenization.Tests.Chat;

/// <summary>A picture of a golden dialog: its pixels do not matter to the prompt.</summary>
internal sealed record ImageSize(int Width, int Height);

internal static class ImageSizes
{
    /// <summary>The dialog with its pictures, image:K or the next one, laid out by size.</summary>
    public static IReadOnlyList<ChatMessage> WithSizes(
        this IReadOnlyList<ChatMessage> messages, IReadOnlyList<ImageSize> sizes, int tilePixels = 336, int tilesMax = 16)
    {
        var next = 0;
        return [.. messages.Select(message => message with
        {
            Content = [.. message.Content.Select(part => part is ImagePart image
                ? image with { Layout = LayoutOf(sizes[image.Url is null ? next++ : int.Parse(image.Url["image:".Length..])]) }
                : part)],
        })];

        ImageLayout LayoutOf(ImageSize size)
        {
            var grid = TileGrid.Of(size.Width, size.Height, new TileSettings(tilePixels, tilesMax));
            return new ImageLayout(grid.Rows, grid.Columns, grid.Settings.TileTokens);
        }
    }
}
