namespace Llama4.Server.Tests;

public sealed class CommandLineTests
{
    private static readonly string[] VerbsInOrder =
        ["serve", "chat", "health", "inspect", "plan", "synth", "eval", "bench", "logits", "preprocess", "tokenize", "detokenize", "render", "toolcalls", "distribution"];

    [Fact]
    public async Task Help_WithoutVerb_ListsEveryVerbUnderItsGroup()
    {
        var run = await Llama4Run.OfAsync("--help");

        run.ExitCode.ShouldBe(0);
        run.Error.ShouldBe("");
        var listed = run.Lines.Where(l => l.StartsWith("  ") && VerbsInOrder.Contains(l.Trim().Split(' ')[0]) && !l.Contains("llama4 ")).Select(l => l.Trim().Split(' ')[0]);
        listed.ShouldBe(VerbsInOrder);
    }

    [Fact]
    public async Task Help_OfEveryVerb_ShowsUsageAndExamplesThatParse()
    {
        foreach (var verb in VerbsInOrder)
        {
            var run = await Llama4Run.OfAsync(verb, "--help");

            run.ExitCode.ShouldBe(0, verb);
            run.Output.ShouldContain($"llama4 {verb}", customMessage: verb);
            string.Join(' ', run.Output.Split((char[]?)null, StringSplitOptions.RemoveEmptyEntries)).ShouldNotMatch(@"\[default: \w+\.[A-Z]", verb); // the name of a type
            var examples = run.Lines.SkipWhile(l => l != "Examples:").Skip(1).ToList();
            examples.ShouldNotBeEmpty(verb);
            examples.ShouldAllBe(e => e.Contains($"llama4 {verb}"));
        }
    }

    [Theory]
    [InlineData("sevre", "Unrecognized command or argument 'sevre'")]
    [InlineData("inspect", "Required argument 'DIR|config.json' missing")]
    [InlineData("inspect --jsn", "Unrecognized option '--jsn'")]
    [InlineData("inspect a b", "Unrecognized command or argument 'b'")]
    [InlineData("bench pipeline --sequences x", "See 'llama4 bench pipeline --help'")]
    [InlineData("key frob", "See 'llama4 key --help'")]
    public async Task CommandLine_WhenMistyped_IsOneLineAndExitCode2(string line, string message)
    {
        var run = await Llama4Run.OfAsync(line.Split(' '));

        run.ShouldFailWith(CommandLine.Usage, message);
        run.Error.ShouldContain("--help'");
    }

    [Theory]
    [InlineData("serve --port 70000", "--port: expected 0 to 65535, found 70000")]
    [InlineData("serve --port http", "--port: expected 0 to 65535, found http")]
    [InlineData("serve --threads many", "--threads: expected 1 to 1024, found many")]
    [InlineData("serve --threads 0", "--threads: expected 1 to 1024, found 0")]
    [InlineData("chat hello --max-tokens 99999999999", "--max-tokens: expected at least 1, found 99999999999")]
    [InlineData("chat hello --temperature hot", "--temperature: expected 0 to 100, found hot")]
    [InlineData("chat hello --top-p 0,9", "--top-p: expected above 0, to 1, found 0,9")]
    [InlineData("chat hello --seed -1", "--seed: expected 0 to 18446744073709551615, found -1")]
    [InlineData("synth --shape scout --out d --divide half", "--divide: expected 1 to 1024, found half")]
    public async Task Number_ThatIsNoneOrOutOfRange_IsOneLineThatNamesTheRangeAndExitCode2(string line, string message)
    {
        var run = await Llama4Run.OfAsync(line.Split(' '));

        run.ShouldFailWith(CommandLine.Usage, message);
        run.Error.ShouldContain("--help'");
    }

    [Fact]
    public async Task Verb_WhenItFails_IsOneLineAndExitCode1WithoutStackTrace()
    {
        var run = await Llama4Run.OfAsync("inspect", "/there/is/no/such/model");

        run.ShouldFailWith(CommandLine.Failure, "/there/is/no/such/model: expected a model directory or a config.json, found nothing");
        run.Error.ShouldNotContain("   at ");
    }
}
