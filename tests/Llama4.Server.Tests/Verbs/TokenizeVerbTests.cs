using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Llama4.Server.Tests.Verbs;

public sealed class TokenizeVerbTests
{
    private static readonly string Llama4Tokenizer = Golden.Path("tokenizer", "llama4-tokenizer.model");

    [Theory]
    [InlineData("encode.jsonl.gz", 5440)]
    [InlineData("encode-specials.jsonl", 333, "--specials")]
    public async Task Tokenize_OfEveryGoldenText_GivesTheReferencesIds(string file, int count, params string[] options)
    {
        var cases = GoldenLines.Read("tokenizer", file);
        cases.Count.ShouldBe(count);

        var answers = (await Llama4Run.WithInputAsync(
            GoldenLines.Input(cases.Select(c => new { text = WholeText(c) })), ["tokenize", "--tokenizer", Llama4Tokenizer, .. options])).JsonLines();

        answers.Count.ShouldBe(count);
        foreach (var (line, answer) in cases.Zip(answers))
        {
            var ids = answer.Numbers("ids");
            if (line.TryGetProperty("ids", out _))
            {
                ids.ShouldBe(line.Numbers("ids"), line.GetRawText());
            }
            else
            {
                ids.Length.ShouldBe(line.GetProperty("count").GetInt32());
                Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(ids))).ShouldBe(line.GetProperty("ids_sha256").GetString());
            }
        }
    }

    [Theory]
    [InlineData("ignore-merges")]
    [InlineData("plain-merges")]
    public async Task Tokenize_WithAHuggingFaceFile_GivesTheReferencesIds(string folder)
    {
        foreach (var bos in (bool[])[false, true])
        {
            var cases = GoldenLines.Read("tokenizer", "hf.jsonl")
                .Where(c => c.GetProperty("file").GetString() == folder && c.GetProperty("add_special_tokens").GetBoolean() == bos).ToList();
            cases.ShouldNotBeEmpty();

            var answers = (await Llama4Run.WithInputAsync(
                GoldenLines.Input(cases.Select(c => new { text = c.GetProperty("text").GetString() })),
                ["tokenize", "--tokenizer", Golden.Path("tokenizer", "small-hf", folder), .. bos ? ["--bos"] : Array.Empty<string>()])).JsonLines();

            answers.Select(a => a.Numbers("ids")).ShouldBe(cases.Select(c => c.Numbers("ids")));
        }
    }

    [Fact]
    public async Task Tokenize_WithBos_PutsBeginOfTextInFront()
    {
        var run = await Llama4Run.WithInputAsync("{\"text\":\"Hello\"}\n", "tokenize", "--tokenizer", Llama4Tokenizer, "--bos");

        run.Output.ShouldBe("{\"ids\":[200000,19873]}\n");
    }

    [Fact]
    public async Task Tokenize_OfABadLine_NamesItAfterTheAnswersBefore()
    {
        var run = await Llama4Run.WithInputAsync("{\"text\":\"Hello\"}\n\n{\"txt\":1}\n", "tokenize", "--tokenizer", Llama4Tokenizer);

        run.ExitCode.ShouldBe(CommandLine.Failure);
        run.Output.ShouldBe("{\"ids\":[19873]}\n");
        run.Error.ShouldBe("error: line 3: \"text\" is missing\n");
    }

    [Fact]
    public async Task Tokenize_WithoutATokenizerThere_IsOneLine() =>
        (await Llama4Run.OfAsync("tokenize", "--tokenizer", "/there/is/none")).ShouldFailWith(CommandLine.Failure, "/there/is/none");

    private static string WholeText(JsonElement line) => line.TextOrNull("text")
        ?? line.TextOrNull("prefix")
            + string.Concat(Enumerable.Repeat(line.GetProperty("repeat")[0].GetString()!, line.GetProperty("repeat")[1].GetInt32()))
            + line.TextOrNull("suffix");
}
