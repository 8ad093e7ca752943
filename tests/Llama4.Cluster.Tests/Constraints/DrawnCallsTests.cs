using System.Text.Json;
using Json.Schema;
using Llama4.Contracts;
using Llama4.Structured.Calls;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Cluster.Tests.Constraints;

/// <summary>Calls that are drawn under their grammar are read by the parser of any output, with arguments that an independent validator finds right.</summary>
[Collection(nameof(ManyHosts))]
public sealed class DrawnCallsTests(OneCluster cluster) : IClassFixture<OneCluster>
{
    private const string Weather = """{"type":"object","properties":{"city":{"type":"string","maxLength":9},"days":{"type":"integer","minimum":1,"maximum":14},"in":{"enum":["C","F",null]}},"required":["city"],"additionalProperties":false}""";
    private const string Order = """{"type":"object","properties":{"items":{"type":"array","maxItems":3,"items":{"type":"object","properties":{"what":{"type":"string","maxLength":6},"gift":{"type":"boolean"}},"required":["what"],"additionalProperties":false}},"to-whom":{"type":"string","maxLength":5}},"required":["to-whom"],"additionalProperties":false}""";

    [Theory]
    [InlineData(CallForm.Python)]
    [InlineData(CallForm.Json)]
    public async Task Calls_ThatAreDrawn_AreReadBackAndValid(CallForm form)
    {
        var tools = new Dictionary<string, string> { ["get_weather"] = Weather, ["order"] = Order };
        CallableTool[] callable = [.. tools.Select(tool => new CallableTool(tool.Key, JsonDocument.Parse(tool.Value).RootElement, Strict: true))];
        var names = new HashSet<string>();
        foreach (var seed in Enumerable.Range(0, 12))
        {
            var constraint = new CallsText(form, seed % 4 == 3 ? callable[1..] : callable, CallsMax: 2).ToConstraint();
            var request = Constrained.Ask("What is the weather in Paris?", constraint, tokensMax: 300) with { Seed = (ulong)seed, Sampling = new SamplingSettings { Temperature = seed % 3 } };

            var chunks = await cluster.Client.AskAsync(request);

            var text = Constrained.Text(chunks, request);
            chunks[^1].Finish.ShouldBe(FinishReason.Stop, text);
            var (content, calls) = ToolCallParser.Parse(text, tools.Keys);
            content.ShouldBeNull(text);
            calls.Count.ShouldBeInRange(1, 2);
            foreach (var call in calls)
            {
                names.Add(call.Name);
                JsonSchema.FromText(tools[call.Name]).Evaluate(JsonDocument.Parse(call.Arguments).RootElement).IsValid.ShouldBeTrue(text);
            }
        }
        names.ShouldBe(tools.Keys, ignoreOrder: true, "order has an argument that no Python call can name: it is called as JSON");
    }
}
