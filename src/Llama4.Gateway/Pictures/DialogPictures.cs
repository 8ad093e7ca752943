using Llama4.Contracts;
using Llama4.Gateway.Requests;
using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Pictures;

/// <summary>The pictures of one dialog: decoded and cut into tiles, then put where the prompt's patch tokens stand.</summary>
internal sealed class DialogPictures
{
    private readonly ImageTiles[] _tiles;

    private DialogPictures(IReadOnlyList<ChatMessage> messages, ImageTiles[] tiles) => (Messages, _tiles) = (messages, tiles);

    /// <summary>The dialog, each picture with its layout.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

    /// <summary>Decodes a dialog's pictures. CPU work: up to half a second for a large one.</summary>
    /// <param name="files">Of the dialog's pictures, in order.</param>
    /// <exception cref="ApiError">One is damaged; the error names it.</exception>
    public static DialogPictures Decode(IReadOnlyList<ChatMessage> messages, PictureFile[] files, ImageLimits limits)
    {
        if (files.Length == 0)
        {
            return new DialogPictures(messages, []);
        }

        var next = 0;
        return new DialogPictures(
            [.. messages.Select(message => message with { Content = [.. message.Content.Select(part => part is ImagePart image ? image with { Layout = LayoutOf(files[next++].Grid) } : part)] })],
            Array.ConvertAll(files, file => Decode(file, limits)));
    }

    /// <summary>Where in a prompt the rows of each picture stand.</summary>
    /// <param name="prompt">Rendered from <see cref="Messages"/>.</param>
    /// <param name="patchId">The token that stands for a row.</param>
    public RequestImage[] Place(int[] prompt, int patchId)
    {
        var images = new RequestImage[_tiles.Length];
        var position = 0;
        for (var i = 0; i < images.Length; i++)
        {
            var spans = new List<ImageSpan>();
            for (var left = _tiles[i].Grid.PatchTokens; left > 0;)
            {
                var found = Array.IndexOf(prompt, patchId, position);
                if (found < 0)
                {
                    throw new InvalidOperationException($"picture {i} has {_tiles[i].Grid.PatchTokens} rows, the prompt lacks places for {left} of them");
                }

                var end = found;
                while (end < prompt.Length && prompt[end] == patchId && end - found < left)
                {
                    end++;
                }

                spans.Add(new ImageSpan(found, end - found));
                left -= end - found;
                position = end;
            }

            images[i] = new RequestImage { Tiles = _tiles[i].Grid.Tiles, Levels = _tiles[i].Levels, Spans = [.. spans] };
        }

        return images;
    }

    private static ImageLayout LayoutOf(TileGrid grid) => new(grid.Rows, grid.Columns, grid.Settings.TileTokens);

    private static ImageTiles Decode(PictureFile file, ImageLimits limits)
    {
        try
        {
            return ImageTiles.Of(ImageDecoder.Decode(file.Bytes, limits), file.Grid.Settings);
        }
        catch (ImageFormatException error)
        {
            throw ApiError.Invalid(error.Of(file.Name).Message, file.Name);
        }
    }
}
