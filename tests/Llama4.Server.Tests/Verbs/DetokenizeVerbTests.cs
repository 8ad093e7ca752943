namespace Llama4.Server.Tests.Verbs;

public sealed class DetokenizeVerbTests
{
    private static readonly string Llama4Tokenizer = Golden.Path("tokenizer", "llama4-tokenizer.model");

    [Theory]
    [InlineData(true)]
    [InlineData(false, "--keep-specials")]
    public async Task Detokenize_OfEveryGoldenStream_GivesTheReferencesPieces(bool skips, params string[] options)
    {
        var cases = GoldenLines.Read("tokenizer", "decode.jsonl").Where(c => c.GetProperty("skip_special_tokens").GetBoolean() == skips).ToList();
        cases.ShouldNotBeEmpty();

        var answers = (await Llama4Run.WithInputAsync(
            GoldenLines.Input(cases.Select(c => new { ids = c.Numbers("ids") })), ["detokenize", "--tokenizer", Llama4Tokenizer, "--pieces", .. options])).JsonLines();

        answers.Count.ShouldBe(cases.Count);
        foreach (var (line, answer) in cases.Zip(answers))
        {
            answer.GetProperty("text").GetString().ShouldBe(line.GetProperty("text").GetString());
            answer.Strings("pieces").ShouldBe(line.Strings("pieces"));
        }
    }

    [Theory]
    [InlineData("ignore-merges")]
    [InlineData("plain-merges")]
    public async Task Detokenize_WithAHuggingFaceFile_GivesTheReferencesTexts(string folder)
    {
        var cases = GoldenLines.Read("tokenizer", "hf.jsonl").Where(c => c.GetProperty("file").GetString() == folder).ToList();
        var input = GoldenLines.Input(cases.Select(c => new { ids = c.Numbers("ids") }));
        string[] line = ["detokenize", "--tokenizer", Golden.Path("tokenizer", "small-hf", folder)];

        var skipped = (await Llama4Run.WithInputAsync(input, line)).JsonLines();
        var kept = (await Llama4Run.WithInputAsync(input, [.. line, "--keep-specials"])).JsonLines();

        skipped.Select(a => a.GetProperty("text").GetString()).ShouldBe(cases.Select(c => c.GetProperty("decoded_skip").GetString()));
        kept.Select(a => a.GetProperty("text").GetString()).ShouldBe(cases.Select(c => c.GetProperty("decoded").GetString()));
    }

    [Theory]
    [InlineData("{\"ids\":[1,202048]}", "line 1: \"ids\"[1]: expected an id below 202048, found 202048")]
    [InlineData("{\"ids\":[1,-1]}", "line 1: \"ids\"[1]: expected a token id, found -1")]
    [InlineData("{\"ids\":7}", "line 1: \"ids\": expected an array of token ids, found a number")]
    [InlineData("{\"ids\":[", "line 1: ")]
    public async Task Detokenize_OfWhatAreNoIds_IsOneLine(string line, string message) =>
        (await Llama4Run.WithInputAsync(line, "detokenize", "--tokenizer", Llama4Tokenizer)).ShouldFailWith(CommandLine.Failure, message);
}
