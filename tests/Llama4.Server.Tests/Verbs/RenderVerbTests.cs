using System.Text.Json.Nodes;

namespace Llama4.Server.Tests.Verbs;

public sealed class RenderVerbTests
{
    private static readonly string Llama4Tokenizer = Golden.Path("tokenizer", "llama4-tokenizer.model");

    [Fact]
    public async Task Render_OfEveryGoldenDialogWithoutImages_GivesTheReferencesPrompt()
    {
        var cases = GoldenLines.Read("chat", "meta.jsonl").Where(c => !c.TryGetProperty("images", out _)).ToList();
        var input = string.Concat(cases.Select(c =>
        {
            var line = JsonNode.Parse(c.GetRawText())!.AsObject();
            line.Remove("ids"); // the verb shall not see the answers
            line.Remove("text");
            return line.ToJsonString() + "\n";
        }));

        var answers = (await Llama4Run.WithInputAsync(input, "render", "--tokenizer", Llama4Tokenizer)).JsonLines();

        answers.Count.ShouldBe(99);
        foreach (var (line, answer) in cases.Zip(answers))
        {
            answer.Numbers("ids").ShouldBe(line.Numbers("ids"), line.GetRawText());
            answer.GetProperty("text").GetString().ShouldBe(line.GetProperty("text").GetString());
        }
    }

    [Fact]
    public async Task Render_ForScoutNano_UsesTheLayoutItWasTrainedOn()
    {
        var greedy = File.ReadLines(Path.Combine(ScoutNanoEval.Folder, "greedy.jsonl")).Select(Llama4Run.Parse).First(l => l.GetProperty("id").GetString() == "facts-001");
        var question = File.ReadLines(Path.Combine(ScoutNanoEval.Folder, "questions.jsonl")).Select(Llama4Run.Parse).First(l => l.GetProperty("id").GetString() == "facts-001");

        var answer = (await Llama4Run.WithInputAsync(question.GetRawText(), "render", "--tokenizer", BundledModel.Directory)).Json();

        answer.Numbers("ids").ShouldBe(greedy.Numbers("prompt_ids"));
    }

    [Theory]
    [InlineData("{}", "line 1: \"messages\" is missing")]
    [InlineData("{\"messages\":[],\"add_generation_prompt\":1}", "\"add_generation_prompt\": expected true or false, found 1")]
    [InlineData("{\"messages\":[],\"tool_prompt_format\":\"xml\"}", "expected json, python_list or function_tag, found \"xml\"")]
    [InlineData("{\"messages\":[{\"role\":\"bard\",\"content\":\"x\"}]}", "line 1: ")]
    public async Task Render_OfWhatIsNoDialog_IsOneLine(string line, string message) =>
        (await Llama4Run.WithInputAsync(line, "render", "--tokenizer", Llama4Tokenizer)).ShouldFailWith(CommandLine.Failure, message);
}
