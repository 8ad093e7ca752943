using System.Text;
using CsCheck;
using Llama4.Tokenization.Bpe;
using Llama4.Tokenization.Tiktoken;

namespace Llama4.Tokenization.Tests.Bpe;

public sealed class BytePairMergerTests
{
    private static readonly Lazy<TokenTable> Llama4 = new(() => TiktokenFile.Read(Golden.Path("tokenizer", "llama4-tokenizer.model")));

    [Fact]
    public void Merge_WhateverPieceAndRanks_IsWhatMergingOnePairAfterAnotherGives()
    {
        // Three letters and tokens of two to five of them, so that pairs compete; pieces on both sides of the 32 bytes where the method changes.
        var letters = Gen.Int[0, 2].Select(letter => (byte)('a' + letter));
        var tokens = letters.Array[2, 5].Array[0, 40];
        Gen.Select(tokens, letters.Array[1, 90]).Sample((chosen, piece) =>
        {
            var table = Table(chosen);
            var ids = new List<int>();
            BytePairMerger.Merge(new CountingRule(table, new long[1]), piece, ids);
            ids.ShouldBe(OnePairAfterAnother(table, piece));
        });
    }

    [Theory]
    [InlineData("a")]
    [InlineData("Z")]
    [InlineData(" ")]
    [InlineData("0")]
    [InlineData("\n")]
    [InlineData("=")]
    [InlineData("é")]
    [InlineData("字")]
    [InlineData("😀")]
    public void Merge_When100000CharactersAreEqual_LooksAtEachPairABoundedNumberOfTimes(string character)
    {
        var piece = Encoding.UTF8.GetBytes(string.Concat(Enumerable.Repeat(character, 100_000)));
        var looks = new long[1];
        var ids = new List<int>();

        BytePairMerger.Merge(new CountingRule(Llama4.Value, looks), piece, ids);

        // Each byte begins one pair; each merge makes at most two new ones, and there are fewer merges than bytes.
        looks[0].ShouldBeLessThan(3L * piece.Length);
        ids.SelectMany(id => Llama4.Value[id].ToArray()).ShouldBe(piece);
    }

    /// <summary>All 256 bytes, then these tokens in this order.</summary>
    private static TokenTable Table(byte[][] tokens)
    {
        byte[][] all = [.. Enumerable.Range(0, 256).Select(value => (byte[])[(byte)value]), .. tokens];
        int[] start = [0, .. all.Select((_, id) => all.Take(id + 1).Sum(token => token.Length))];
        return new TokenTable([.. all.SelectMany(token => token)], start);
    }

    /// <summary>The definition: of all neighbours that together are a token, the pair of lowest rank merges, the leftmost among equals.</summary>
    private static List<int> OnePairAfterAnother(TokenTable table, byte[] piece)
    {
        var parts = piece.Select(value => (byte[])[value]).ToList();
        while (true)
        {
            var ranked = Enumerable.Range(0, parts.Count - 1).Select(i => (Rank: table.Find([.. parts[i], .. parts[i + 1]]), At: i)).Where(pair => pair.Rank >= 0);
            if (!ranked.Any())
            {
                return parts.ConvertAll(part => table.Find(part));
            }

            var (_, at) = ranked.Min();
            parts[at] = [.. parts[at], .. parts[at + 1]];
            parts.RemoveAt(at + 1);
        }
    }

    private readonly struct CountingRule(TokenTable table, long[] looks) : IMergeRule
    {
        public int IdOf(byte value) => table.Find([value]);

        public int RankOf(ReadOnlySpan<byte> merged, int left, int right, out int id)
        {
            looks[0]++;
            return id = table.Find(merged);
        }
    }
}
