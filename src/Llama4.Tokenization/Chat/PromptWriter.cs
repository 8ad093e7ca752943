using System.Text;

namespace Llama4.Tokenization.Chat;

/// <summary>
/// Writes a prompt's ids. Special tokens are put in as ids and every text is encoded as text, so that special names in a message cannot end
/// it. Texts that follow each other are encoded as one, unless <see cref="Break"/> stands between them.
/// </summary>
internal sealed class PromptWriter(Tokenizer tokenizer)
{
    private readonly List<int> _ids = [];
    private readonly List<ImagePart> _images = [];
    private readonly StringBuilder _text = new();

    /// <summary>The pictures that were written, in order.</summary>
    public IReadOnlyList<ImagePart> Images => _images;

    public PromptWriter Special(string name)
    {
        Break();
        _ids.Add(tokenizer.Specials[name]);
        return this;
    }

    public PromptWriter Text(string text)
    {
        _text.Append(text);
        return this;
    }

    /// <summary>Ends a text: what follows is encoded on its own, and nothing merges across.</summary>
    public PromptWriter Break()
    {
        if (_text.Length > 0)
        {
            tokenizer.EncodeContent(_text.ToString(), _ids);
            _text.Clear();
        }

        return this;
    }

    public PromptWriter Header(string role) => Special("<|header_start|>").Text(role).Special("<|header_end|>");

    /// <summary>A header and the two line ends after it, which are encoded with the text that follows.</summary>
    public PromptWriter Opening(string role) => Header(role).Text("\n\n");

    /// <summary>The tokens of a picture.</summary>
    /// <param name="image">Without a layout it is the one token that stands for a picture in templates.</param>
    public PromptWriter Image(ImagePart image)
    {
        _images.Add(image);
        if (image.Layout is not { } layout)
        {
            return Special("<|image|>");
        }

        Break();
        _ids.AddRange(layout.Ids(ImageTokenIds.Of(tokenizer)));
        return this;
    }

    public int[] ToIds()
    {
        Break();
        return [.. _ids];
    }
}
