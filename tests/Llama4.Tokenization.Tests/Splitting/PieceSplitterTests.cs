using CsCheck;
using Llama4.Tokenization.Splitting;

namespace Llama4.Tokenization.Tests.Splitting;

public sealed class PieceSplitterTests
{
    [Fact]
    public void FirstPiece_WhenTextIsGolden_CutsAsTheReferencesExpression()
    {
        foreach (var line in GoldenLines.Read<SplitCase>("tokenizer", "split.jsonl"))
        {
            Pieces(line.Text).ShouldBe(line.Pieces);
        }
    }

    [Fact]
    public void FirstPiece_WhenTextIsAnything_CutsAllOfItIntoPiecesThatAreNotEmpty()
    {
        const string Telling = " \n\r\t'/!sS\u017Fé\u01C4\u02B0日\u0301\u06597½\u3000\uD83D\uDE00\uD835\uDC00";
        var units = Gen.OneOf(Gen.Int[0, Telling.Length - 1].Select(i => Telling[i]), Gen.Char);
        Gen.String[units, 0, 40].Sample(text => string.Concat(Pieces(text)).ShouldBe(text));
    }

    private static List<string> Pieces(string text)
    {
        var pieces = new List<string>();
        for (var rest = text; rest.Length > 0; rest = rest[pieces[^1].Length..])
        {
            pieces.Add(rest[..PieceSplitter.FirstPiece(rest)]);
            pieces[^1].ShouldNotBeEmpty();
        }

        return pieces;
    }

    internal sealed record SplitCase(string Text, string[] Pieces);
}
