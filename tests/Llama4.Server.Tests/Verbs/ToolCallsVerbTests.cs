using System.Text.Json;

namespace Llama4.Server.Tests.Verbs;

public sealed class ToolCallsVerbTests
{
    [Fact]
    public async Task ToolCalls_OfEveryGoldenOutput_GivesItsContentAndCalls()
    {
        var cases = GoldenLines.Read("chat", "toolcalls.jsonl.gz");
        var input = GoldenLines.Input(cases.Select(line => new { text = line.GetProperty("text"), tools = line.GetProperty("tools") }));

        var answers = (await Llama4Run.WithInputAsync(input, "toolcalls")).JsonLines();

        answers.Count.ShouldBe(269);
        foreach (var (line, answer) in cases.Zip(answers))
        {
            JsonElement.DeepEquals(answer.GetProperty("content"), line.GetProperty("content")).ShouldBeTrue(line.GetRawText());
            JsonElement.DeepEquals(answer.GetProperty("tool_calls"), line.GetProperty("tool_calls")).ShouldBeTrue(line.GetRawText());
        }
    }

    [Fact]
    public async Task ToolCalls_OfAFile_ReadsIt()
    {
        using var folder = new TestFolder();
        await File.WriteAllTextAsync(folder["outputs.jsonl"], """{"text":"[now()]","tools":["now"]}""");

        var answer = (await Llama4Run.OfAsync("toolcalls", folder["outputs.jsonl"])).Json();

        answer.GetRawText().ShouldBe("""{"content":null,"tool_calls":[{"name":"now","arguments":{}}]}""");
    }

    [Fact]
    public async Task ToolCalls_OfALineWhoseTextIsNone_SaysSoAndAnswersTheNext() =>
        (await Llama4Run.WithInputAsync("""{"text":"\ud800","tools":[]}""" + "\n" + """{"text":"x","tools":[]}""", "toolcalls")).Lines.ShouldBe([
            """{"error":"\"text\": expected valid Unicode, found half of a surrogate pair"}""",
            """{"content":"x","tool_calls":[]}""",
        ]);

    [Theory]
    [InlineData("{}", "line 1: \"text\" is missing")]
    [InlineData("{\"text\":\"x\"}", "line 1: \"tools\" is missing")]
    [InlineData("{\"text\":\"x\",\"tools\":[1]}", "line 1: \"tools\"[0]: expected a name, found 1")]
    public async Task ToolCalls_OfAWrongLine_IsOneLine(string line, string message) =>
        (await Llama4Run.WithInputAsync(line, "toolcalls")).ShouldFailWith(CommandLine.Failure, message);
}
