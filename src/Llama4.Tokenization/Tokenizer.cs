using System.Buffers;
using System.Text;
using Llama4.Tokenization.Splitting;

namespace Llama4.Tokenization;

/// <summary>
/// Text to token ids and back, as the checkpoint's tokenizer file says. Load one with <see cref="TokenizerLoader"/>.
/// Immutable: any number of threads may use one at once.
/// </summary>
/// <remarks>A lone surrogate in a text is encoded as U+FFFD, the character that a decoder puts in the place of what is none.</remarks>
public abstract class Tokenizer
{
    private static readonly string[] StopNames = ["<|end_of_text|>", "<|eom|>", "<|eot|>"];

    private protected Tokenizer(SpecialTokens specials)
    {
        Specials = specials;
        BosId = specials.Find("<|begin_of_text|>");
        StopIds = [.. StopNames.Select(specials.Find).OfType<int>()];
    }

    /// <summary>One more than the greatest id.</summary>
    public abstract int VocabularySize { get; }

    /// <summary>The tokens that have a name instead of text.</summary>
    public SpecialTokens Specials { get; }

    /// <summary>Id of <c>&lt;|begin_of_text|&gt;</c>, if the file has it.</summary>
    public int? BosId { get; }

    /// <summary>Ids that end an answer: end_of_text, eom and eot, those of them that the file has.</summary>
    public IReadOnlyList<int> StopIds { get; }

    /// <summary>The ids of a text.</summary>
    /// <param name="text">Any text; a lone surrogate counts as U+FFFD.</param>
    /// <param name="specials">
    /// Whether special names in the text become their ids. A tokenizer.json's added tokens always do, as in Hugging Face's library:
    /// use <see cref="EncodeContent"/> for text that a user may have written.
    /// </param>
    /// <param name="bos">Whether what the file puts in front of a text comes first: begin_of_text, but nothing where a tokenizer.json has no template.</param>
    public int[] Encode(ReadOnlySpan<char> text, bool specials = false, bool bos = false)
    {
        var ids = new List<int>(8 + (text.Length / 3));
        if (bos)
        {
            AppendPrefix(ids);
        }

        Append(text, specials, ids);
        if (bos)
        {
            AppendSuffix(ids);
        }

        return [.. ids];
    }

    /// <summary>Appends the ids of a text in which special names stay text, whatever the file's kind.</summary>
    public abstract void EncodeContent(ReadOnlySpan<char> text, List<int> ids);

    /// <summary>The bytes that a token stands for; those of its name for a special one.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The id is none of the vocabulary's.</exception>
    public abstract ReadOnlySpan<byte> BytesOf(int id);

    /// <summary>The text of these ids; ill-formed UTF-8 becomes U+FFFD, one for each maximal ill-formed subpart.</summary>
    /// <exception cref="ArgumentOutOfRangeException">An id is none of the vocabulary's.</exception>
    public string Decode(ReadOnlySpan<int> ids, bool skipSpecials = false)
    {
        var bytes = new ArrayBufferWriter<byte>(Math.Max(16, 4 * ids.Length));
        foreach (var id in ids)
        {
            var token = BytesOf(id);
            if (!skipSpecials || !Specials.Contains(id))
            {
                bytes.Write(token);
            }
        }

        return Encoding.UTF8.GetString(bytes.WrittenSpan);
    }

    private protected abstract void Append(ReadOnlySpan<char> text, bool specials, List<int> ids);

    private protected virtual void AppendPrefix(List<int> ids) => ids.Add(BosId
        ?? throw new InvalidOperationException("The tokenizer has no <|begin_of_text|> to put in front of a text."));

    private protected virtual void AppendSuffix(List<int> ids)
    {
    }

    /// <summary>Splits plain text into pieces and appends what each gives.</summary>
    private protected void AppendPieces(ReadOnlySpan<char> text, List<int> ids)
    {
        Span<byte> stack = stackalloc byte[256];
        while (!text.IsEmpty)
        {
            var length = PieceSplitter.FirstPiece(text);
            var piece = text[..length];
            text = text[length..];

            // A UTF-16 unit gives at most three bytes of UTF-8.
            var rented = 3 * length > stack.Length ? ArrayPool<byte>.Shared.Rent(3 * length) : null;
            var bytes = rented ?? stack;
            AppendPiece(bytes[..Encoding.UTF8.GetBytes(piece, bytes)], ids);
            if (rented is not null)
            {
                ArrayPool<byte>.Shared.Return(rented);
            }
        }
    }

    private protected abstract void AppendPiece(ReadOnlySpan<byte> piece, List<int> ids);
}
