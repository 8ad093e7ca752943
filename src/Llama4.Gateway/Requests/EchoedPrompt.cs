using Llama4.Gateway.Answers;
using Llama4.Tokenization;
using Llama4.Tokenization.Streaming;

namespace Llama4.Gateway.Requests;

/// <summary>A prompt as the text that an answer begins with: the field echo.</summary>
internal static class EchoedPrompt
{
    /// <summary>The prompt as it was written, or where that was ids or its beginning is cut off, the text of its ids.</summary>
    /// <param name="kept">Its ids.</param>
    /// <param name="withTokens">Whether the answer's log-probabilities begin with those of its tokens.</param>
    public static Opening Of(int[] kept, TextPrompt written, bool showsSpecials, bool withTokens, Tokenizer tokenizer)
    {
        var asWritten = kept.Length == written.Ids.Length ? written.Text : null;
        var text = asWritten ?? tokenizer.Decode([.. kept.Where(id => id < tokenizer.VocabularySize)], skipSpecials: !showsSpecials);
        return new Opening(text, withTokens ? Offsets(kept, text, asWritten is not null || showsSpecials, tokenizer) : null);
    }

    /// <summary>
    /// Characters of the text in front of each token. Of a character of several tokens all stand where it is; a token that is not shown, as begin_of_text is not where it was put
    /// in front of what was written, stands where the next does.
    /// </summary>
    private static int[] Offsets(int[] ids, string text, bool showsSpecials, Tokenizer tokenizer)
    {
        var isAdded = tokenizer.BosId is { } bos && ids[0] == bos && !text.StartsWith(tokenizer.Decode([bos], skipSpecials: false), StringComparison.Ordinal);
        var decoding = new IncrementalDetokenizer(tokenizer, skipSpecials: !showsSpecials);
        var offsets = new int[ids.Length];
        var characters = 0;
        for (var i = 0; i < ids.Length; i++)
        {
            offsets[i] = characters;
            if (ids[i] < tokenizer.VocabularySize && !(i == 0 && isAdded))
            {
                characters += decoding.Append(ids[i]).EnumerateRunes().Count();
            }
        }

        return offsets;
    }
}
