namespace Llama4.Tokenization.Tests.HuggingFace;

public sealed class HuggingFaceTokenizerTests
{
    [Fact]
    public void EncodeAndDecode_WhenTextIsGolden_GiveTheReferencesIdsAndTexts()
    {
        var tokenizers = new Dictionary<string, Tokenizer>();
        foreach (var line in GoldenLines.Read<HuggingFaceCase>("tokenizer", "hf.jsonl"))
        {
            if (!tokenizers.TryGetValue(line.File, out var tokenizer))
            {
                tokenizers[line.File] = tokenizer = TokenizerLoader.Load(Golden.Path("tokenizer", "small-hf", line.File));
            }

            var ids = tokenizer.Encode(line.Text, bos: line.AddSpecialTokens);
            ids.ShouldBe(line.Ids, $"{line.File}: {line.Text}");
            tokenizer.Decode(ids).ShouldBe(line.Decoded);
            tokenizer.Decode(ids, skipSpecials: true).ShouldBe(line.DecodedSkip);
        }

        tokenizers.Count.ShouldBe(2);
    }

    [Fact]
    public void EncodeContent_WhenTextHasSpecialNames_KeepsThemTextButFindsOtherAddedTokens()
    {
        var tokenizer = TokenizerLoader.Load(Golden.Path("tokenizer", "small-hf", "ignore-merges"));
        var ids = new List<int>();
        tokenizer.EncodeContent("a<|eot|><tool>", ids);

        ids.ShouldNotContain(tokenizer.Specials["<|eot|>"]);
        ids[^1].ShouldBe(2008);
        tokenizer.Decode([.. ids]).ShouldBe("a<|eot|><tool>");
    }

    internal sealed record HuggingFaceCase(string File, string Text, bool AddSpecialTokens, int[] Ids, string Decoded, string DecodedSkip);
}
