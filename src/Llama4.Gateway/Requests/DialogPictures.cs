using Llama4.Contracts;
using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Requests;

/// <summary>The pictures of one dialog: decoded and cut into tiles, then put where the prompt's patch tokens stand.</summary>
internal sealed class DialogPictures
{
    private readonly List<ImageTiles> _tiles = [];

    private DialogPictures(IReadOnlyList<ChatMessage> messages) => Messages = messages;

    /// <summary>The dialog, each picture with its layout.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; private set; }

    /// <summary>Decodes a dialog's pictures. CPU work: up to half a second for a large one.</summary>
    /// <param name="settings">What the model wants of pictures; null where it takes none.</param>
    /// <exception cref="ApiError">The model takes no pictures, there are too many, or one is none; the message names it.</exception>
    public static DialogPictures Read(IReadOnlyList<ChatMessage> messages, TileSettings? settings, GatewayLimits limits)
    {
        var pictures = new DialogPictures(messages);
        if (messages.Any(message => message.Content.Any(part => part is ImagePart)))
        {
            pictures.Messages = [.. messages.Select((message, i) => pictures.Read(message, i, settings, limits))];
        }

        return pictures;
    }

    /// <summary>Where in a prompt the rows of each picture stand.</summary>
    /// <param name="prompt">Rendered from <see cref="Messages"/>.</param>
    /// <param name="patchId">The token that stands for a row.</param>
    public RequestImage[] Place(int[] prompt, int patchId)
    {
        var images = new RequestImage[_tiles.Count];
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

    private ChatMessage Read(ChatMessage message, int index, TileSettings? settings, GatewayLimits limits) => message with
    {
        Content = [.. message.Content.Select((part, k) => part is ImagePart picture ? Read(picture, $"messages[{index}].content[{k}]", settings, limits) : part)],
    };

    private ImagePart Read(ImagePart part, string name, TileSettings? settings, GatewayLimits limits)
    {
        if (settings is null)
        {
            throw ApiError.Invalid("This model takes text only.", name);
        }

        if (_tiles.Count == limits.PicturesMax)
        {
            throw ApiError.Invalid($"A request may have {limits.PicturesMax} pictures.", name);
        }

        if (part.Url is not { } url || !DataUri.Is(url))
        {
            throw ApiError.Invalid("Expected a picture as data: URI with base64; pictures are not fetched from elsewhere.", name);
        }

        try
        {
            var tiles = ImageTiles.Of(ImageDecoder.Decode(DataUri.Read(url)), settings);
            _tiles.Add(tiles);
            return part with { Layout = new ImageLayout(tiles.Grid.Rows, tiles.Grid.Columns, settings.TileTokens) };
        }
        catch (ImageFormatException error)
        {
            throw ApiError.Invalid(error.Of(name).Message, name);
        }
    }
}
