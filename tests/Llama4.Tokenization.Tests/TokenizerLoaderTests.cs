using System.Text;

namespace Llama4.Tokenization.Tests;

public sealed class TokenizerLoaderTests : IDisposable
{
    private readonly DirectoryInfo _folder = Directory.CreateTempSubdirectory("llama4-tokenizer-");

    public void Dispose() => _folder.Delete(recursive: true);

    [Fact]
    public void Load_WhenFolderHasBothFiles_TakesTheModel()
    {
        Write("tokenizer.model", AllBytes());
        Write("tokenizer.json", "{}");

        TokenizerLoader.Load(_folder.FullName).Encode("hi").ShouldBe(['h', 'i']);
    }

    [Fact]
    public void Load_WhenRanksAreFewerAndNothingNamesSpecials_TakesLlama4sBehindThem()
    {
        var tokenizer = TokenizerLoader.Load(Write("any.name", AllBytes()));

        tokenizer.VocabularySize.ShouldBe(256 + 2048);
        tokenizer.BosId.ShouldBe(256);
        tokenizer.StopIds.ShouldBe([257, 263, 264]);
    }

    [Theory]
    [InlineData("tokenizer_config.json", """{"added_tokens_decoder":{"256":{"content":"<|begin_of_text|>"},"257":{"content":"<|eot|>"}}}""")]
    [InlineData("tokenizer.json", """{"added_tokens":[{"id":256,"content":"<|begin_of_text|>"},{"id":257,"content":"<|eot|>"}]}""")]
    public void Load_WhenAFileBesideNamesSpecials_TakesThose(string name, string contents)
    {
        Write(name, contents);
        var tokenizer = TokenizerLoader.Load(Write("tokenizer.model", AllBytes()));

        tokenizer.VocabularySize.ShouldBe(258);
        tokenizer.StopIds.ShouldBe([257]);
        tokenizer.Encode("a<|eot|>", specials: true).ShouldBe(['a', 257]);
    }

    [Fact]
    public void Load_WhenAFileBesideNamesAnIdAmongTheRanks_SaysSo()
    {
        Write("tokenizer_config.json", """{"added_tokens_decoder":{"7":{"content":"<|eot|>"}}}""");
        Problem(Write("tokenizer.model", AllBytes())).ShouldContain("ids from 256");
    }

    [Fact]
    public void Load_WhenNothingIsThere_SaysWhatWasExpected()
    {
        Problem(_folder.FullName).ShouldContain("expected tokenizer.model or tokenizer.json");
        Problem(Path.Combine(_folder.FullName, "none")).ShouldContain("none");
    }

    [Theory]
    [InlineData("", "empty file")]
    [InlineData("IQ== 0\nnot base64 1\n", "line 2")]
    [InlineData("IQ== 0\nIg==\n", "line 2")]
    [InlineData("IQ== 0\nIg== one\n", "line 2")]
    [InlineData("IQ== 0\nIg== -1\n", "line 2")]
    [InlineData("IQ== 0\nIg== 99999999999\n", "line 2")]
    [InlineData("IQ== 0\nIg== 0\n", "every rank once")]
    [InlineData("IQ== 0\nIg== 2\n", "found rank 2")]
    [InlineData("IQ== 0\nIQ== 1\n", "every token once")]
    [InlineData("IQ== 0\nIg== 1\n", "single byte")]
    public void Load_WhenATiktokenFileIsWrong_SaysWhere(string contents, string expected) =>
        Problem(Write("tokenizer.model", contents)).ShouldContain(expected);

    [Theory]
    [InlineData("\"type\": \"BPE\"", "\"type\": \"WordPiece\"", "WordPiece")]
    [InlineData("\"byte_fallback\": false", "\"byte_fallback\": true", "byte_fallback")]
    [InlineData("\"behavior\": \"Isolated\"", "\"behavior\": \"Removed\"", "behavior")]
    [InlineData("\"use_regex\": false", "\"use_regex\": true", "use_regex")]
    [InlineData("\"type\": \"Split\"", "\"type\": \"Digits\"", "Split, then ByteLevel")]
    [InlineData("{1,3}", "{1,2}", "split expression")]
    [InlineData("\"normalizer\": null", "\"normalizer\": {\"type\": \"NFC\"}", "NFC")]
    [InlineData("\"id\": 2012", "\"id\": 2011", "2011")]
    [InlineData("\"merges\"", "\"margins\"", "\"merges\"")]
    public void Load_WhenATokenizerJsonIsOfAnotherKind_NamesWhatItFound(string from, string to, string expected)
    {
        var good = File.ReadAllText(Golden.Path("tokenizer", "small-hf", "plain-merges", "tokenizer.json"));
        good.ShouldContain(from);

        Problem(Write("tokenizer.json", good.Replace(from, to, StringComparison.Ordinal))).ShouldContain(expected);
    }

    [Fact]
    public void Load_WhenATokenizerJsonIsCutOff_SaysSo()
    {
        var good = File.ReadAllText(Golden.Path("tokenizer", "small-hf", "plain-merges", "tokenizer.json"));
        Problem(Write("tokenizer.json", good[..(good.Length / 2)])).ShouldContain("expected JSON");
    }

    [Fact]
    public void Load_WhenScoutNano_BothFilesGiveTheSameIds()
    {
        var folder = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano");
        var model = TokenizerLoader.Load(Path.Combine(folder, "tokenizer.model"));
        var json = TokenizerLoader.Load(Path.Combine(folder, "tokenizer.json"));

        model.VocabularySize.ShouldBe(2048);
        model.Specials.ShouldBe(json.Specials, ignoreOrder: true);
        model.StopIds.ShouldBe([1953, 1959, 1960]);
        foreach (var line in GoldenLines.Read<EncodeCase>("tokenizer", "encode.jsonl.gz").Where(line => line.Text is not null))
        {
            json.Encode(line.Text).ShouldBe(model.Encode(line.Text, specials: true));
        }

        // As long as a run may be: the reference cuts a tiktoken text behind 25,000 characters without a blank, and a tokenizer.json's not.
        foreach (var character in (string[])["a", " ", "0", "\n", "😀"])
        {
            var run = string.Concat(Enumerable.Repeat(character, 25_000));
            json.Encode(run).ShouldBe(model.Encode(run));
        }
    }

    private static string Problem(string path) => Should.Throw<TokenizerFormatException>(() => TokenizerLoader.Load(path)).Message;

    private static string AllBytes() =>
        string.Concat(Enumerable.Range(0, 256).Select(value => $"{Convert.ToBase64String([(byte)value])} {value}\n"));

    private string Write(string name, string contents)
    {
        var file = Path.Combine(_folder.FullName, name);
        File.WriteAllText(file, contents, new UTF8Encoding(false));
        return file;
    }
}
