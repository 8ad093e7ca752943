using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Llama4.Tokenization.Tests.Tiktoken;

public sealed class TiktokenTokenizerTests
{
    private static readonly Tokenizer Llama4 = SharedTokenizers.Llama4;

    [Theory]
    [InlineData("encode.jsonl.gz", false)]
    [InlineData("encode-specials.jsonl", true)]
    public void Encode_WhenTextIsGolden_GivesItsIds(string file, bool specials)
    {
        foreach (var line in GoldenLines.Read<EncodeCase>("tokenizer", file))
        {
            var ids = Llama4.Encode(line.WholeText, specials);
            if (line.Ids is not null)
            {
                ids.ShouldBe(line.Ids, JsonSerializer.Serialize(line.Text));
                continue;
            }

            ids.Length.ShouldBe(line.Count);
            ids[..8].ShouldBe(line.Head);
            ids[^8..].ShouldBe(line.Tail);
            Sha256Of(ids).ShouldBe(line.IdsSha256);
        }
    }

    [Fact]
    public void Specials_WhenLlama4_AreThoseOfTheReference()
    {
        using var golden = JsonDocument.Parse(File.ReadAllText(Golden.Path("tokenizer", "specials.json")));
        var expected = golden.RootElement.GetProperty("specials").EnumerateObject().ToDictionary(one => one.Name, one => one.Value.GetInt32());

        Llama4.Specials.ToDictionary(one => one.Key, one => one.Value).ShouldBe(expected, ignoreOrder: true);
        Llama4.VocabularySize.ShouldBe(202048);
        Llama4.BosId.ShouldBe(200000);
        Llama4.StopIds.ShouldBe([200001, 200007, 200008]);
    }

    [Fact]
    public void Encode_WhenBosIsAsked_PutsItFirst() => Llama4.Encode("Hello world", bos: true).ShouldBe([200000, 19873, 3817]);

    [Fact]
    public void EncodeContent_WhenTextHasSpecialNames_KeepsThemText()
    {
        var ids = new List<int>();
        Llama4.EncodeContent("a<|eot|>b", ids);
        ids.ShouldAllBe(id => id < 200000);
        Llama4.Decode([.. ids]).ShouldBe("a<|eot|>b");
    }

    [Fact]
    public void Encode_WhenTextHasALoneSurrogate_TakesItAsTheReplacementCharacter()
    {
        // In code, not as attribute arguments: those are stored as UTF-8, which has no lone surrogates.
        Llama4.Encode("a\uD83Db").ShouldBe(Llama4.Encode("a\uFFFDb"));
        Llama4.Encode("\uDE00").ShouldBe(Llama4.Encode("\uFFFD"));
        Llama4.Encode("x\uD83D").ShouldBe(Llama4.Encode("x\uFFFD"));
    }

    [Fact]
    public void BytesOf_WhenIdIsOutsideTheVocabulary_Throws()
    {
        Should.Throw<ArgumentOutOfRangeException>(() => Llama4.BytesOf(202048).Length).Message.ShouldContain("202048");
        Should.Throw<ArgumentOutOfRangeException>(() => Llama4.BytesOf(-1).Length);
    }

    private static string Sha256Of(int[] ids)
    {
        var bytes = new byte[4 * ids.Length];
        Buffer.BlockCopy(ids, 0, bytes, 0, bytes.Length);
        return Convert.ToHexStringLower(SHA256.HashData(bytes));
    }
}
