using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;

namespace Llama4.Server.Tests.Verbs;

public sealed class RenderVerbTests
{
    private static readonly string Llama4Tokenizer = Golden.Path("tokenizer", "llama4-tokenizer.model");

    [Fact]
    public async Task Render_OfEveryGoldenDialog_GivesTheReferencesPrompt()
    {
        var cases = GoldenLines.Read("chat", "meta.jsonl");
        var input = string.Concat(cases.Select(c =>
        {
            var line = JsonNode.Parse(c.GetRawText())!.AsObject();
            line.Remove("ids"); // the verb shall not see the answers
            line.Remove("text");
            return line.ToJsonString() + "\n";
        }));

        var answers = (await Llama4Run.WithInputAsync(input, "render", "--tokenizer", Llama4Tokenizer)).JsonLines();

        answers.Count.ShouldBe(135);
        foreach (var (line, answer) in cases.Zip(answers))
        {
            answer.Numbers("ids").ShouldBe(line.Numbers("ids"), line.GetRawText());
            Regex.Replace(answer.GetProperty("text").GetString()!, @"(<\|patch\|>){144}", "<|patch|>*144").ShouldBe(line.GetProperty("text").GetString());
        }
    }

    [Theory]
    [InlineData("vllm-pythonic", "meta", 27)]
    [InlineData("hf-launch", "json", 30)]
    public async Task Render_OfEveryGoldenDialogOfATemplate_GivesItsText(string template, string dialect, int dialogs)
    {
        var cases = GoldenLines.Read("chat", "template.jsonl.gz")
            .Where(line => line.GetProperty("template").GetString() == template).ToList();
        var input = string.Concat(cases.Select(line =>
        {
            var node = JsonNode.Parse(line.GetRawText())!.AsObject();
            node.Remove("text"); // the verb shall not see the answers
            node.Remove("error");
            return node.ToJsonString() + "\n";
        }));

        var answers = (await Llama4Run.WithInputAsync(input, "render", "--tokenizer", Llama4Tokenizer, "--dialect", dialect)).JsonLines();

        foreach (var (line, answer) in cases.Zip(answers))
        {
            // What the template raises for is refused, and the lines after it are answered.
            answer.TryGetProperty("error", out _).ShouldBe(line.TryGetProperty("error", out _));
            Text(answer).ShouldBe(Text(line));
        }

        answers.Count.ShouldBe(dialogs);

        static string? Text(JsonElement of) => of.TryGetProperty("text", out var text) ? text.GetString() : null;
    }

    /// <summary>In every dialect, with tools and without.</summary>
    [Theory]
    [InlineData("system")]
    [InlineData("developer")]
    [InlineData("user")]
    [InlineData("tool")]
    public async Task Render_OfPicturesOfAnyRole_HasTheirPatches(string role)
    {
        var shown = $$"""{"messages":[{"role":"{{role}}","content":[{"type":"image"}]},{"role":"user","content":"hi"}],"images":[{"width":300,"height":300}]""";
        foreach (var dialect in (string[])["meta", "json", "nano"])
        {
            var answers = (await Llama4Run.WithInputAsync(
                $"{shown}}}\n{shown},\"tools\":[{{\"name\":\"now\"}}]}}\n", "render", "--tokenizer", Llama4Tokenizer, "--dialect", dialect)).JsonLines();

            answers.Select(answer => Regex.Count(answer.GetProperty("text").GetString()!, @"<\|patch\|>")).ShouldBe([144, 144], dialect);
        }
    }

    [Fact]
    public async Task Render_WhenALineSpeaksOfTools_LaysItOutAsTheDialectDoes()
    {
        const string Padded = """{"messages":[{"role":"system","content":" x "}],"add_generation_prompt":false""";

        var answers = (await Llama4Run.WithInputAsync(
            $"{Padded}}}\n{Padded},\"tools\":null}}\n{Padded},\"tools\":[{{\"name\":\"now\"}}]}}\n", "render", "--tokenizer", Llama4Tokenizer)).JsonLines();

        string TextOf(int line) => answers[line].GetProperty("text").GetString()!;
        TextOf(0).ShouldEndWith("\n\n x <|eot|>");
        TextOf(1).ShouldEndWith("\n\nx<|eot|>");
        TextOf(2).ShouldContain("\"name\": \"now\"");
    }

    [Fact]
    public async Task Render_ForScoutNano_LaysPicturesOnItsOwnTiles()
    {
        var answer = (await Llama4Run.WithInputAsync(
            """{"messages":[{"role":"user","content":[{"type":"image"}]}],"images":[{"width":200,"height":100}]}""",
            "render", "--tokenizer", BundledModel.Directory)).Json();

        Regex.Count(answer.GetProperty("text").GetString()!, @"<\|patch\|>").ShouldBe(3 * 16); // two tiles and the whole
    }

    [Fact]
    public async Task Render_WhenTheChatTemplateIsUnknown_WarnsOnce()
    {
        using var folder = new TestFolder();
        File.Copy(Llama4Tokenizer, folder["tokenizer.model"]);
        await File.WriteAllTextAsync(folder["chat_template.jinja"], "{{ messages }}");

        var run = await Llama4Run.WithInputAsync("{\"messages\":[]}\n{\"messages\":[]}\n", "render", "--tokenizer", folder.Path);

        run.JsonLines().Count.ShouldBe(2);
        run.Error.TrimEnd('\n').Split('\n').ShouldHaveSingleItem().ShouldStartWith("warning: ");
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
    [InlineData("{\"messages\":[],\"tools\":7}", "Expected a list of tools, found 7")]
    [InlineData("{\"messages\":[{\"role\":\"user\",\"content\":[{\"type\":\"image\"}]}],\"images\":[]}", "\"images\": expected at least 1 of them, found 0")]
    [InlineData("{\"messages\":[],\"images\":[{\"width\":0,\"height\":1}]}", "\"images\"[0].width: expected 1 to 1048576, found 0")]
    [InlineData("{\"messages\":[{\"role\":\"bard\",\"content\":\"x\"}]}", "line 1: ")]
    public async Task Render_OfWhatIsNoDialog_IsOneLine(string line, string message) =>
        (await Llama4Run.WithInputAsync(line, "render", "--tokenizer", Llama4Tokenizer)).ShouldFailWith(CommandLine.Failure, message);

    [Fact]
    public async Task Render_OfAnUnknownDialect_NamesTheKnownOnes() =>
        (await Llama4Run.OfAsync("render", "--tokenizer", Llama4Tokenizer, "--dialect", "xml"))
            .ShouldFailWith(CommandLine.Usage, "--dialect: expected meta, json, nano, found 'xml'");
}
