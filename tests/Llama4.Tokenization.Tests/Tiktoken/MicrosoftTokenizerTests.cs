using CsCheck;
using Llama4.Tokenization.Splitting;
using Microsoft.ML.Tokenizers;

namespace Llama4.Tokenization.Tests.Tiktoken;

/// <summary>Microsoft.ML.Tokenizers over the same file and with the same splitter: a second opinion on texts that no golden holds.</summary>
public sealed class MicrosoftTokenizerTests
{
    [Fact]
    public void Encode_WhateverTheText_GivesTheIdsOfMicrosoftsTokenizer()
    {
        using var file = File.OpenRead(Golden.Path("tokenizer", "llama4-tokenizer.model"));
        var second = Microsoft.ML.Tokenizers.TiktokenTokenizer.Create(file, new OurPieces(), normalizer: null);
        const string Telling = " \n\t'/!.,sStTdDrRevVlLaAbBeE019é\u017F日本\u0301½\u3000";
        var unit = Gen.OneOf(Gen.Int[0, Telling.Length - 1].Select(i => Telling[i]).Select(c => c.ToString()), Gen.Const("😀"), Gen.Const("𝐀"));

        // Runs of up to 60 make pieces on both sides of the length where our merging changes its method.
        var runs = Gen.Select(unit, Gen.Frequency((9, Gen.Int[1, 2]), (1, Gen.Int[3, 60]))).Select((text, times) => string.Concat(Enumerable.Repeat(text, times)));
        runs.Array[0, 40].Select(string.Concat).Sample(text => SharedTokenizers.Llama4.Encode(text).ShouldBe(second.EncodeToIds(text)));
    }

    private sealed class OurPieces : PreTokenizer
    {
        public override IEnumerable<(int Offset, int Length)> PreTokenize(string text) => PreTokenize(text.AsSpan());

        public override IEnumerable<(int Offset, int Length)> PreTokenize(ReadOnlySpan<char> text)
        {
            var pieces = new List<(int Offset, int Length)>();
            for (var at = 0; at < text.Length; at += pieces[^1].Length)
            {
                pieces.Add((at, PieceSplitter.FirstPiece(text[at..])));
            }

            return pieces;
        }
    }
}
