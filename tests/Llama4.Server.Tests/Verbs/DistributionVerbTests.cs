using System.Text.Json.Nodes;

namespace Llama4.Server.Tests.Verbs;

public sealed class DistributionVerbTests
{
    [Fact]
    public async Task Distribution_OfEveryGoldenLine_HasItsProbabilitiesAndLogprobs()
    {
        var cases = GoldenLines.Read("sampling", "distributions.jsonl");
        var input = string.Concat(cases.Select(c =>
        {
            var line = JsonNode.Parse(c.GetRawText())!.AsObject();
            line.Remove("probabilities"); // the verb shall not see the answers
            line.Remove("top_logprobs");
            return line.ToJsonString() + "\n";
        }));

        var answers = (await Llama4Run.WithInputAsync(input, "distribution")).JsonLines();

        answers.Count.ShouldBe(300);
        foreach (var (line, answer) in cases.Zip(answers))
        {
            var expected = line.GetProperty("probabilities").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble());
            var found = answer.GetProperty("probabilities").EnumerateObject().ToDictionary(p => p.Name, p => p.Value.GetDouble());
            found.Keys.Order().ShouldBe(expected.Keys.Order(), line.GetRawText());
            found.ShouldAllBe(p => Math.Abs(p.Value - expected[p.Key]) <= 1e-6);
            var logprobs = line.GetProperty("top_logprobs").EnumerateArray().Zip(answer.GetProperty("top_logprobs").EnumerateArray()).ToList();
            logprobs.Count.ShouldBe(line.GetProperty("top_logprobs").GetArrayLength());
            foreach (var (wanted, given) in logprobs)
            {
                given[0].GetInt32().ShouldBe(wanted[0].GetInt32());
                given[1].GetDouble().ShouldBe(wanted[1].GetDouble(), 1e-6); // the file has nine digits
            }
        }
    }

    [Fact]
    public async Task Distribution_WithoutSettings_IsTheSoftmax()
    {
        var answer = (await Llama4Run.WithInputAsync("{\"logits\":[0,0]}", "distribution")).Json();

        answer.GetProperty("probabilities").GetProperty("0").GetDouble().ShouldBe(0.5, 1e-12);
        answer.GetProperty("probabilities").GetProperty("1").GetDouble().ShouldBe(0.5, 1e-12);
    }

    [Theory]
    [InlineData("{\"logits\":[]}", "\"logits\": expected an array of numbers")]
    [InlineData("{\"logits\":[1e99]}", "\"logits\"[0]: expected a finite number, found 1e99")]
    [InlineData("{\"logits\":[1],\"settings\":{\"temprature\":1}}", "found \"temprature\"")]
    [InlineData("{\"logits\":[1],\"settings\":{\"top_p\":0}}", "\"top_p\": expected above 0, to 1, found 0")]
    [InlineData("{\"logits\":[1],\"settings\":{\"logit_bias\":{\"1\":3}}}", "\"logit_bias\": expected ids below 1, found \"1\"")]
    [InlineData("{\"logits\":[1],\"output_ids\":[1]}", "\"output_ids\"[0]: expected an id below 1, found 1")]
    public async Task Distribution_OfWhatMeansNothing_IsOneLine(string line, string message) =>
        (await Llama4Run.WithInputAsync(line, "distribution")).ShouldFailWith(CommandLine.Failure, message);
}
