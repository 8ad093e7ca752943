using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Server.Tests.Verbs;

public sealed class EvalVerbTests
{
    private const string Questions =
        """
        {"id":"a","task":"facts","messages":[{"role":"user","content":"France?"}],"answer":"Paris","match":"contains"}
        {"id":"b","task":"facts","messages":[{"role":"user","content":"Italy?"}],"answer":"Rome","match":"contains"}

        {"id":"c","task":"story","messages":[{"role":"system","content":"Be brief."},{"role":"user","content":"?"}],"answer":"It is Paris.","match":"exact"}
        {"id":"d","task":"tools","messages":[{"role":"user","content":"?"}],"tools":[],"answer":"[]","match":"toolcall"}
        """;

    [Fact]
    public async Task Eval_OverHttp_CountsRightAnswersByTask()
    {
        using var folder = new TestFolder();
        var client = ScriptedClient.Saying("It is Paris.");
        await using var gateway = await TestGateway.StartAsync(client);

        var run = await Llama4Run.OfAsync("eval", "--url", gateway.Http.BaseAddress!.ToString(), "--questions", folder.Write("q.jsonl", Questions), "--json");

        var scores = run.Json();
        (Of(scores, "correct"), Of(scores, "count"), Of(scores, "skipped")).ShouldBe((2, 3, 1));
        (Of(scores.GetProperty("tasks").GetProperty("facts"), "correct"), Of(scores.GetProperty("tasks").GetProperty("facts"), "count")).ShouldBe((1, 2));
        var items = scores.GetProperty("items").EnumerateArray().ToList();
        items.Select(i => (i.GetProperty("id").GetString(), i.GetProperty("correct").GetBoolean())).ShouldBe([("a", true), ("b", false), ("c", true)]);
        items.ShouldAllBe(i => i.GetProperty("answer").GetString() == "It is Paris.");
        (await client.NextAsync()).Request.Sampling.Temperature.ShouldBe(0);
    }

    [Fact]
    public async Task Eval_WithoutJson_IsATable()
    {
        using var folder = new TestFolder();
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("It is Paris."));

        var run = await Llama4Run.OfAsync("eval", "--url", gateway.Http.BaseAddress!.ToString(), "--questions", folder.Write("q.jsonl", Questions));

        run.Lines.Select(l => l.TrimEnd()).ShouldBe(
        [
            "task      right     of  accuracy",
            "facts         1      2     0.500",
            "story         1      1     1.000",
            "all           2      3     0.667",
            "1 questions with images or tools were skipped",
        ]);
    }

    /// <summary>The reference's accuracy stands in scout-nano's README: 244 of the 300 questions without pictures and tools.</summary>
    [Fact]
    public async Task Eval_OfTheBundledModel_IsWithinAPointOfTheReference()
    {
        var scores = (await Llama4Run.OfAsync("eval", "--questions", Path.Combine(ScoutNanoEval.Folder, "questions.jsonl"), "--json")).Json();

        (Of(scores, "count"), Of(scores, "skipped")).ShouldBe((300, 100));
        Of(scores, "correct").ShouldBeInRange(244 - 3, 244 + 3);
        var expected = ReadmeCounts();
        expected.Count.ShouldBe(14);
        foreach (var (task, (correct, count)) in expected)
        {
            var ours = scores.GetProperty("tasks").GetProperty(task);
            Of(ours, "count").ShouldBe(count, task);
            Of(ours, "correct").ShouldBeInRange(correct - 1, correct + 1, task);
        }
    }

    [Theory]
    [InlineData("", "holds no questions")]
    [InlineData("{\"id\":\"a\"}", "q.jsonl, line 1: \"match\": expected a string")]
    [InlineData("\n{\"id\":", "q.jsonl, line 2: ")]
    public async Task Eval_OfWhatAreNoQuestions_IsOneLine(string text, string message)
    {
        using var folder = new TestFolder();

        (await Llama4Run.OfAsync("eval", "--url", "http://127.0.0.1:1", "--questions", folder.Write("q.jsonl", text))).ShouldFailWith(CommandLine.Failure, message);
    }

    /// <summary>The table under "Accuracy", its tasks of text.</summary>
    private static Dictionary<string, (int Correct, int Count)> ReadmeCounts() => File.ReadLines(Path.Combine(ScoutNanoEval.Folder, "..", "README.md"))
        .SkipWhile(line => line != "## Accuracy")
        .TakeWhile(line => !line.StartsWith("## Equality", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .Where(cells => cells.Length == 6 && int.TryParse(cells[2], out _) && cells[1] is not ("image" or "tools"))
        .ToDictionary(cells => cells[1], cells => (int.Parse(cells[2]), int.Parse(cells[3])));

    private static int Of(System.Text.Json.JsonElement json, string name) => json.GetProperty(name).GetInt32();
}
