using CsCheck;
using Llama4.Tokenization.Streaming;

namespace Llama4.Tokenization.Tests.Streaming;

public sealed class IncrementalDetokenizerTests
{
    private static readonly Tokenizer Llama4 = SharedTokenizers.Llama4;

    [Fact]
    public void Append_WhenIdsAreGolden_GivesTheReferencesPieces()
    {
        foreach (var line in GoldenLines.Read<DecodeCase>("tokenizer", "decode.jsonl"))
        {
            Pieces(line.Ids, line.SkipSpecialTokens).ShouldBe(line.Pieces);
            Llama4.Decode(line.Ids, line.SkipSpecialTokens).ShouldBe(line.Text);
        }
    }

    [Fact]
    public void Append_WhenIdsAreAny_GivesTogetherWhatDecodingAtOnceGives()
    {
        // Ids below 256 and their like are single bytes or short pieces of characters: the awkward ones.
        var id = Gen.OneOf(Gen.Int[0, 255], Gen.Int[0, 2000], Gen.Int[0, 202047]);
        Gen.Select(id.Array[0, 30], Gen.Bool).Sample((ids, skip) => string.Concat(Pieces(ids, skip)).ShouldBe(Llama4.Decode(ids, skip)));
    }

    [Fact]
    public void Append_WhenIdIsOutsideTheVocabulary_Throws() =>
        Should.Throw<ArgumentOutOfRangeException>(() => new IncrementalDetokenizer(Llama4).Append(202048));

    private static List<string> Pieces(int[] ids, bool skipSpecials)
    {
        var detokenizer = new IncrementalDetokenizer(Llama4, skipSpecials);
        return [.. ids.Select(detokenizer.Append), detokenizer.Flush()];
    }

    internal sealed record DecodeCase(int[] Ids, bool SkipSpecialTokens, string[] Pieces, string Text);
}
