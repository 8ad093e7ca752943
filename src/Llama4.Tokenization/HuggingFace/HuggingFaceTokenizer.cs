using Llama4.Tokenization.Bpe;

namespace Llama4.Tokenization.HuggingFace;

/// <summary>A byte-level BPE of Hugging Face's: neighbours merge as a list of pairs says, and added tokens are found beforehand.</summary>
/// <remarks>Source of the rules: huggingface/tokenizers 0.23, models/bpe and tokenizer/added_vocabulary.rs.</remarks>
internal sealed class HuggingFaceTokenizer : Tokenizer
{
    private readonly TokenTable _table;
    private readonly Rule _rule;
    private readonly bool _ignoresMerges;
    private readonly AddedTokens _added;
    private readonly Dictionary<int, byte[]> _addedBytes;
    private readonly (int[] Prefix, int[] Suffix) _template;
    private readonly AddedTokens.AppendText _appendPieces;

    /// <param name="table">The vocabulary.</param>
    /// <param name="merges">Rank and result of a pair of ids, the left one in the upper half of the key.</param>
    /// <param name="ignoresMerges">Whether a piece that is in the vocabulary is taken whole, though merging may not lead there.</param>
    /// <param name="added">Added tokens.</param>
    /// <param name="template">Ids to put around a text.</param>
    public HuggingFaceTokenizer(
        TokenTable table,
        Dictionary<long, (int Rank, int Id)> merges,
        bool ignoresMerges,
        IReadOnlyCollection<AddedToken> added,
        (int[] Prefix, int[] Suffix) template)
        : base(new SpecialTokens(added.Where(token => token.IsSpecial).Select(token => KeyValuePair.Create(token.Content, token.Id))))
    {
        _table = table;
        _rule = new Rule(merges, [.. Enumerable.Range(0, 256).Select(value => table.Find([(byte)value]))]);
        _ignoresMerges = ignoresMerges;
        _added = new AddedTokens(added);
        _addedBytes = added.ToDictionary(token => token.Id, token => ByteLevelAlphabet.DecodeOrKeep(token.Content));
        _template = template;
        _appendPieces = AppendPieces;
        VocabularySize = Math.Max(table.Count, added.Select(token => token.Id + 1).DefaultIfEmpty().Max());
    }

    public override int VocabularySize { get; }

    public override ReadOnlySpan<byte> BytesOf(int id)
    {
        if ((uint)id < (uint)_table.Count)
        {
            return _table[id];
        }

        return _addedBytes.TryGetValue(id, out var bytes)
            ? bytes
            : throw new ArgumentOutOfRangeException(nameof(id), id, $"Token id {id} is not in the vocabulary of {VocabularySize} ids.");
    }

    public override void EncodeContent(ReadOnlySpan<char> text, List<int> ids) => _added.Append(text, specials: false, ids, _appendPieces);

    private protected override void Append(ReadOnlySpan<char> text, bool specials, List<int> ids) =>
        _added.Append(text, specials: true, ids, _appendPieces);

    private protected override void AppendPrefix(List<int> ids) => ids.AddRange(_template.Prefix);

    private protected override void AppendSuffix(List<int> ids) => ids.AddRange(_template.Suffix);

    private protected override void AppendPiece(ReadOnlySpan<byte> piece, List<int> ids)
    {
        var whole = _ignoresMerges ? _table.Find(piece) : -1;
        if (whole >= 0)
        {
            ids.Add(whole);
        }
        else
        {
            BytePairMerger.Merge(_rule, piece, ids);
        }
    }

    private readonly struct Rule(Dictionary<long, (int Rank, int Id)> merges, int[] idOfByte) : IMergeRule
    {
        public int IdOf(byte value) => idOfByte[value];

        public int RankOf(ReadOnlySpan<byte> merged, int left, int right, out int id)
        {
            var found = merges.TryGetValue(((long)left << 32) | (uint)right, out var merge);
            id = merge.Id;
            return found ? merge.Rank : -1;
        }
    }
}
