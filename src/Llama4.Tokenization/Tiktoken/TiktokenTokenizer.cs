using System.Text;
using Llama4.Tokenization.Bpe;

namespace Llama4.Tokenization.Tiktoken;

/// <summary>A tiktoken vocabulary: a token's rank is its id, and two neighbours merge if their bytes together are a token.</summary>
/// <remarks>Source of the rules: tiktoken 0.14 and meta-llama/llama-models, models/llama4/tokenizer.py.</remarks>
internal sealed class TiktokenTokenizer : Tokenizer
{
    private readonly TokenTable _table;
    private readonly Rule _rule;
    private readonly NameMatcher _specialNames;
    private readonly byte[]?[] _specialBytes;

    /// <param name="table">The ranks; every single byte is among them.</param>
    /// <param name="specials">Names with ids at or above the ranks.</param>
    public TiktokenTokenizer(TokenTable table, SpecialTokens specials)
        : base(specials)
    {
        _table = table;
        _rule = new Rule(table);
        _specialNames = new NameMatcher(specials);
        _specialBytes = new byte[specials.Select(token => token.Value + 1 - table.Count).DefaultIfEmpty().Max()][];
        foreach (var (name, id) in specials)
        {
            _specialBytes[id - table.Count] = Encoding.UTF8.GetBytes(name);
        }
    }

    public override int VocabularySize => _table.Count + _specialBytes.Length;

    public override ReadOnlySpan<byte> BytesOf(int id)
    {
        if ((uint)id < (uint)_table.Count)
        {
            return _table[id];
        }

        return (uint)id < (uint)VocabularySize && _specialBytes[id - _table.Count] is { } name
            ? name
            : throw new ArgumentOutOfRangeException(nameof(id), id, $"Token id {id} is not in the vocabulary of {VocabularySize} ids.");
    }

    public override void EncodeContent(ReadOnlySpan<char> text, List<int> ids) => Append(text, specials: false, ids);

    private protected override void Append(ReadOnlySpan<char> text, bool specials, List<int> ids)
    {
        var cut = new LongTextCut(text);
        while (cut.Next(out var part))
        {
            if (specials)
            {
                AppendWithSpecials(part, ids);
            }
            else
            {
                AppendPieces(part, ids);
            }
        }
    }

    private void AppendWithSpecials(ReadOnlySpan<char> text, List<int> ids)
    {
        var from = 0;
        while (_specialNames.TryFind(text, from, out var start, out var length, out var id))
        {
            AppendPieces(text[from..start], ids);
            ids.Add(id);
            from = start + length;
        }

        AppendPieces(text[from..], ids);
    }

    private protected override void AppendPiece(ReadOnlySpan<byte> piece, List<int> ids)
    {
        var whole = _table.Find(piece);
        if (whole >= 0)
        {
            ids.Add(whole);
        }
        else
        {
            BytePairMerger.Merge(_rule, piece, ids);
        }
    }

    private readonly struct Rule(TokenTable table) : IMergeRule
    {
        private readonly int[] _idOfByte = IdsOfBytes(table);

        public int IdOf(byte value) => _idOfByte[value];

        public int RankOf(ReadOnlySpan<byte> merged, int left, int right, out int id) => id = table.Find(merged);

        private static int[] IdsOfBytes(TokenTable table)
        {
            var ids = new int[256];
            for (var value = 0; value < 256; value++)
            {
                ids[value] = table.Find([(byte)value]);
            }

            return ids;
        }
    }
}
