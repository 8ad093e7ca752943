using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;

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
        (Of(scores, "correct"), Of(scores, "count"), Of(scores, "skipped")).ShouldBe((3, 4, 0));
        (Of(scores.GetProperty("tasks").GetProperty("facts"), "correct"), Of(scores.GetProperty("tasks").GetProperty("facts"), "count")).ShouldBe((1, 2));
        var items = scores.GetProperty("items").EnumerateArray().ToList();
        items.Select(i => (i.GetProperty("id").GetString(), i.GetProperty("correct").GetBoolean())).ShouldBe([("a", true), ("b", false), ("c", true), ("d", true)]);
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
            "tools         1      1     1.000",
            "all           3      4     0.750",
        ]);
    }

    /// <summary>A picture's mark is the file, tools are on offer, and calls are compared as values, over HTTP as in this process.</summary>
    [Fact]
    public async Task Eval_OfPicturesAndTools_ShowsThemAndComparesCalls()
    {
        using var folder = new TestFolder();
        File.Copy(Path.Combine(ScoutNanoEval.Folder, "images", "image-002.png"), Path.Combine(folder.Path, "shape.png"));
        var questions = folder.Write("q.jsonl", """
            {"id":"a","task":"tools","messages":[{"role":"user","content":[{"type":"image"},{"type":"text","text":"?"}]}],"images":["shape.png"],"tools":[{"type":"function","function":{"name":"book","parameters":{}}}],"answer":"[{\"name\":\"book\",\"arguments\":{\"day\":\"Sunday\",\"people\":8}}]","match":"toolcall"}
            {"id":"b","task":"tools","messages":[{"role":"user","content":"?"}],"tools":[{"type":"function","function":{"name":"book","parameters":{}}}],"answer":"[{\"name\":\"book\",\"arguments\":{\"day\":\"Monday\",\"people\":8}}]","match":"toolcall"}
            {"id":"c","task":"tools","messages":[{"role":"user","content":"?"},{"role":"assistant","content":"","tool_calls":[{"type":"function","function":{"name":"book","arguments":"{\"people\":8}"}}]},{"role":"tool","content":"{\"ok\":true}"}],"tools":[{"type":"function","function":{"name":"other","parameters":{}}}],"answer":"book(","match":"contains"}
            """);
        var client = ScriptedClient.Saying("[book(people=8, day=\"Sunday\")]");
        await using var gateway = await TestGateway.StartAsync(client, options => options with { Tiles = new TileSettings(112, 4) });

        var items = (await Llama4Run.OfAsync("eval", "--url", gateway.Http.BaseAddress!.ToString(), "--questions", questions, "--json")).Json().GetProperty("items").EnumerateArray().ToList();

        items.Select(item => item.GetProperty("correct").GetBoolean()).ShouldBe([true, false, true]);
        var prompts = new List<string>();
        for (var i = 0; i < items.Count; i++)
        {
            var request = (await client.NextAsync()).Request;
            prompts.Add($"{request.Images.Length} {ScoutNano.Tokenizer.Decode(request.Prompt)}");
        }

        prompts.ShouldContain(prompt => prompt.StartsWith("1 ") && prompt.Contains("<|patch|>") && prompt.Contains("\"book\""));
        prompts.ShouldContain(prompt => prompt.Contains("[book(people=8)]"));
    }

    /// <summary>The reference's accuracy stands in scout-nano's README: 324 of the 400 questions.</summary>
    [Fact]
    public async Task Eval_OfTheBundledModel_IsWithinAPointOfTheReference()
    {
        var scores = (await Llama4Run.OfAsync("eval", "--questions", Path.Combine(ScoutNanoEval.Folder, "questions.jsonl"), "--json")).Json();

        (Of(scores, "count"), Of(scores, "skipped")).ShouldBe((400, 0));
        Of(scores, "correct").ShouldBeInRange(324 - 3, 324 + 3);
        var expected = ReadmeCounts();
        expected.Count.ShouldBe(16);
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
    [InlineData("""{"id":"a","task":"t","messages":[{"role":"user","content":[{"type":"image"}]}],"answer":"","match":"exact"}""", "line 1: \"images\": expected 1, as the messages have marks, found 0")]
    [InlineData("""{"id":"a","task":"t","messages":[{"role":"user","content":[{"type":"image"}]}],"images":["none.png"],"answer":"","match":"exact"}""", "none.png'")]
    [InlineData("""{"id":"a","task":"t","messages":[{"role":"elf","content":""}],"answer":"","match":"exact"}""", "line 1: messages[0].role: Expected the role")]
    public async Task Eval_OfWhatAreNoQuestions_IsOneLine(string text, string message)
    {
        using var folder = new TestFolder();

        (await Llama4Run.OfAsync("eval", "--url", "http://127.0.0.1:1", "--questions", folder.Write("q.jsonl", text))).ShouldFailWith(CommandLine.Failure, message);
    }

    /// <summary>The table under "Accuracy".</summary>
    private static Dictionary<string, (int Correct, int Count)> ReadmeCounts() => File.ReadLines(Path.Combine(ScoutNanoEval.Folder, "..", "README.md"))
        .SkipWhile(line => line != "## Accuracy")
        .TakeWhile(line => !line.StartsWith("## Equality", StringComparison.Ordinal))
        .Select(line => line.Split('|', StringSplitOptions.TrimEntries))
        .Where(cells => cells.Length == 6 && int.TryParse(cells[2], out _) && cells[1] != "**all**")
        .ToDictionary(cells => cells[1], cells => (int.Parse(cells[2]), int.Parse(cells[3])));

    private static int Of(System.Text.Json.JsonElement json, string name) => json.GetProperty(name).GetInt32();
}
