using System.Text;
using CsCheck;
using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Answers;

public class AnswerTextTests
{
    private static readonly Gen<int[]> AnyIds = Gen.Int[0, 1951].Array[0, 40];

    [Fact]
    public void AnswerText_WhateverTheTokens_GivesTheTextOfAllAndNeverHalfACharacter() => AnyIds.Sample(ids =>
    {
        var text = new AnswerText(ScoutNano.Tokenizer, [], [ScoutNano.Eot], logprobs: true);
        var pieces = Take(text, ids);

        string.Concat(pieces.Select(piece => piece.Text)).ShouldBe(ScoutNano.Tokenizer.Decode(ids));
        pieces.ShouldAllBe(piece => IsWhole(piece.Text));
        pieces.SelectMany(piece => piece.Tokens).Select(token => token.Chunk.Token!.Value).ShouldBe(ids);
        pieces.Count(piece => piece.Finish is not null).ShouldBe(1);
    });

    [Fact]
    public void AnswerText_WhateverTheStopString_GivesTheTextBeforeItsFirstPlace() =>
        Gen.Select(AnyIds, Gen.Int[0, 200], Gen.Int[1, 6]).Sample((ids, start, length) =>
        {
            var all = ScoutNano.Tokenizer.Decode(ids);
            if (start + length > all.Length)
            {
                return;
            }

            var stop = all.Substring(start, length);
            var pieces = Take(new AnswerText(ScoutNano.Tokenizer, [stop], [ScoutNano.Eot], logprobs: false), ids);

            string.Concat(pieces.Select(piece => piece.Text)).ShouldBe(all[..all.IndexOf(stop, StringComparison.Ordinal)]);
            pieces[^1].Finish.ShouldBe(FinishReason.Stop);
        });

    [Fact]
    public void AnswerText_WhenAnIdIsPastTheTokenizersVocabulary_GivesNoText()
    {
        var text = new AnswerText(ScoutNano.Tokenizer, [], [], logprobs: false);

        text.Take(new TokenChunk { Request = Guid.Empty, Token = 9999 }).Text.ShouldBe("");
    }

    private static List<Piece> Take(AnswerText text, int[] ids)
    {
        var pieces = new List<Piece>();
        foreach (var id in ids)
        {
            pieces.Add(text.Take(new TokenChunk { Request = Guid.Empty, Token = id }));
            if (pieces[^1].Finish is not null)
            {
                return pieces;
            }
        }

        pieces.Add(text.Take(new TokenChunk { Request = Guid.Empty, Token = ScoutNano.Eot, Finish = FinishReason.Stop }));
        return pieces;
    }

    private static bool IsWhole(string text) => Encoding.Unicode.GetString(Encoding.Unicode.GetBytes(text)) == text;
}
