using System.Text.Json;
using Llama4.LoadTest.Arriving;
using Llama4.LoadTest.Scenarios;
using Llama4.LoadTest.Work;

namespace Llama4.LoadTest.Tests.Scenarios;

public class ScenarioFileTests
{
    private const string Good = "name: x\narrivals: {rate: 2}\nparts:\n  - {kind: synthetic, prompt_tokens: [3, 5], answer_tokens: 4}\n";

    public static TheoryData<string> Bundled => [.. Directory.EnumerateFiles(TestScenarios.Folder, "*.yaml").Select(path => Path.GetFileName(path))];

    [Theory]
    [MemberData(nameof(Bundled))]
    public void Bundled_CanBeReadAndEachSessionAsksSomething(string name)
    {
        var scenario = ScenarioFile.Load(Path.Combine(TestScenarios.Folder, name));

        scenario.Name.ShouldBe(Path.GetFileNameWithoutExtension(name));
        foreach (var arrival in Processes.Of(scenario.Arrivals, scenario.Seed, 30))
        {
            var session = Session.Of(scenario, arrival);
            session.Turns.ShouldNotBeEmpty();
            session.Turns.ShouldAllBe(turn => turn.MaxTokens > 0 && turn.ThinkSeconds >= 0);
        }
    }

    [Fact]
    public void YamlAndJson_SayTheSame()
    {
        var yaml = ScenarioFile.Parse("x.yaml", Good);
        var json = ScenarioFile.Parse("x.json", """{"name": "x", "arrivals": {"rate": 2}, "parts": [{"prompt_tokens": [3, 5], "answer_tokens": 4, "kind": "synthetic"}]}""");

        JsonSerializer.Serialize(json, JsonFiles.Line).ShouldBe(JsonSerializer.Serialize(yaml, JsonFiles.Line));
        yaml.Parts.ShouldHaveSingleItem().ShouldBeOfType<SyntheticPart>().PromptTokens.ShouldBe(new LengthRange(3, 5));
    }

    [Fact]
    public void QuotedNumbers_StayText() =>
        ScenarioFile.Parse("x.yaml", Good.Replace("name: x", "name: '12'", StringComparison.Ordinal) + "fields: {seed: 12, user: '12', stop: [yes, \"null\"], none: null}\n").Fields.ToJsonString()
            .ShouldBe("""{"seed":12,"user":"12","stop":["yes","null"],"none":null}""");

    [Theory]
    [InlineData("secunds: 3", "x.yaml: secunds: not a key that is known here")]
    [InlineData("slo: {ttft: 1}", "x.yaml: slo.ttft: not a key that is known here")]
    [InlineData("seconds: much", "x.yaml: seconds: ")]
    [InlineData("seconds: -1", "x.yaml: seconds: expected 0.1 to 2592000, found -1")]
    [InlineData("seconds: .nan", "x.yaml: seconds: ")]
    [InlineData("name: y", "x.yaml:5: expected YAML, found: ")]
    [InlineData("in_flight_max: 0", "x.yaml: in_flight_max: expected 1 to 100000, found 0")]
    [InlineData("fields: {a: [}", "x.yaml")]
    public void WrongLine_IsOneErrorThatNamesIt(string line, string message) =>
        Should.Throw<LoadTestException>(() => ScenarioFile.Parse("x.yaml", Good + line + "\n")).Message.ShouldStartWith(message);

    [Theory]
    [InlineData("{kind: questons, file: a}", "kind: expected one of questions, synthetic")]
    [InlineData("{prompt_tokens: 3, answer_tokens: 3}", "kind: expected one of questions, synthetic")]
    [InlineData("{kind: synthetic, prompt_tokens: 3}", "expected the keys 'answer_tokens', found none")]
    [InlineData("{kind: synthetic, prompt_tokens: [5, 3], answer_tokens: 3}", "parts[1].prompt_tokens: expected a number or [min, max] within 1..1000000, found [5, 3]")]
    [InlineData("{kind: synthetic, prompt_tokens: [5], answer_tokens: 3}", "expected a whole number or [min, max]")]
    [InlineData("{kind: synthetic, prompt_tokens: 3, answer_tokens: 3, weight: 0}", "parts[1].weight: expected")]
    [InlineData("{kind: questions, file: nowhere.jsonl}", "nowhere.jsonl: expected a file of questions")]
    public void WrongPart_IsOneErrorThatNamesIt(string part, string message) =>
        Should.Throw<LoadTestException>(() => ScenarioFile.Parse("x.yaml", Good + $"  - {part}\n")).Message.ShouldContain(message);

    [Theory]
    [InlineData("{process: recorded}")]
    [InlineData("{process: poisson, file: a.jsonl}")]
    public void Recording_HasAFileAndNothingElseHas(string arrivals) =>
        Should.Throw<LoadTestException>(() => ScenarioFile.Parse("x.yaml", Good.Replace("{rate: 2}", arrivals, StringComparison.Ordinal)))
            .Message.ShouldContain("arrivals.file: expected with process: recorded, and only there");

    [Fact]
    public void NoParts_AreRefused() =>
        Should.Throw<LoadTestException>(() => ScenarioFile.Parse("x.json", """{"name": "x", "arrivals": {}}""")).Message.ShouldContain("parts: expected at least one");
}
