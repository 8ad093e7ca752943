using Llama4.Contracts;
using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Pictures;

/// <summary>The pictures of one dialog, cut into tiles: their layout for the prompt, and then where in it their rows stand.</summary>
public sealed class DialogPictures
{
    private readonly IReadOnlyList<ImageTiles> _tiles;

    /// <param name="messages">The dialog.</param>
    /// <param name="tiles">Of its pictures, in order.</param>
    public DialogPictures(IReadOnlyList<ChatMessage> messages, IReadOnlyList<ImageTiles> tiles)
    {
        var next = 0;
        _tiles = tiles;
        Messages = tiles.Count == 0 ? messages : [.. messages.Select(message => message with
        {
            Content = [.. message.Content.Select(part => part is ImagePart image ? image with { Layout = tiles[next++].Grid.Layout() } : part)],
        })];
    }

    /// <summary>The dialog, each picture with its layout.</summary>
    public IReadOnlyList<ChatMessage> Messages { get; }

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
}
