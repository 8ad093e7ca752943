using Llama4.Tokenization;

namespace Llama4.Structured.Vocabularies;

/// <summary>The tokens of a tokenizer, laid out for masks. Built once (about a second for Llama 4), then shared by all constraints and threads.</summary>
public sealed class Vocabulary
{
    private readonly byte[]?[] _bytes;

    /// <param name="bytes">What each id stands for; null for special tokens, which no text lets through.</param>
    /// <param name="stopIds">Ids that end an answer: let through exactly where the text may end.</param>
    public Vocabulary(IReadOnlyList<byte[]?> bytes, IEnumerable<int> stopIds)
    {
        _bytes = [.. bytes.Select(token => token is { Length: 0 } ? null : token)];
        StopIds = [.. stopIds];
        Trie = TokenTrie.Of(_bytes.Select((token, id) => (token!, id)).Where(entry => entry.Item1 is not null));
        Strings = StringTokens.Of(_bytes);
    }

    /// <summary>One more than the greatest id.</summary>
    public int Size => _bytes.Length;

    /// <summary>The length of a mask in words: bit <c>id % 32</c> of word <c>id / 32</c> tells whether an id is allowed.</summary>
    public int MaskWords => (Size + 31) / 32;

    /// <summary>Ids that end an answer.</summary>
    public IReadOnlyList<int> StopIds { get; }

    internal TokenTrie Trie { get; }

    internal StringTokens Strings { get; }

    /// <summary>The vocabulary of a tokenizer.</summary>
    public static Vocabulary Of(Tokenizer tokenizer)
    {
        var bytes = new byte[]?[tokenizer.VocabularySize];
        for (var id = 0; id < bytes.Length; id++)
        {
            bytes[id] = tokenizer.Specials.Contains(id) ? null : tokenizer.BytesOf(id).ToArray();
        }

        return new(bytes, tokenizer.StopIds);
    }

    /// <summary>What an id stands for; null for a special token.</summary>
    public byte[]? BytesOf(int id) => (uint)id < (uint)_bytes.Length ? _bytes[id] : null;
}
