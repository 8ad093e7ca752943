using System.Text.Json;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Tokenization.Tests.ToolCalls;

public class CertainCallsTests
{
    private static readonly string[] Tools = ["get_weather", "get", "now", "a.b-c"];

    [Theory]
    [InlineData("[now()]")]
    [InlineData("""[get_weather(city="Paris", days=-3), now()]""")]
    [InlineData("""[get(x={"a": [1, "),]}", {"b": null}]},y='it\'s "so"\n\u001f', z=True), a.b-c(n=None, m=[False, 1.5e3])]""")]
    [InlineData("""[get(a="", b=[], c={}, d="\\")]""")]
    [InlineData("""{"name": "get", "parameters": {"a": "}\"{", "b": {"c": []}}}""")]
    [InlineData("""{"name": "now", "parameters": {}}{"name": "get", "parameters": {"x": "\\"}}""")]
    [InlineData("""{"name": "now", "parameters": {}}; {"name": "now", "parameters": {}}""")]
    public void Output_OfCalls_GivesWhatTheParserOfAnyOutputGives(string text)
    {
        var (_, expected) = ToolCallParser.Parse(text, Tools);
        expected.ShouldNotBeEmpty();
        for (var size = 1; size <= text.Length; size++)
        {
            var (content, calls) = Read(text, size);

            content.ShouldBeEmpty();
            calls.Select(call => call.Name).ShouldBe(expected.Select(call => call.Name));
            foreach (var (call, other) in calls.Zip(expected))
                JsonElement.DeepEquals(Json(call.Arguments), Json(other.Arguments)).ShouldBeTrue($"{call.Arguments} {other.Arguments}");
        }
    }

    [Theory]
    [InlineData("Hello [now()]")]
    [InlineData("")]
    [InlineData("[nowhere(")]
    [InlineData("[no")]
    [InlineData("{\"name\": \"nobody\"")]
    [InlineData("42")]
    public void Output_ThatBeginsOtherwise_IsContent(string text)
    {
        for (var size = 1; size <= Math.Max(1, text.Length); size++)
        {
            var (content, calls) = Read(text, size);
            (content, calls.Count).ShouldBe((text, 0));
        }
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("[now", false)]
    [InlineData("[now(", true)]
    [InlineData("[get(x", true)]
    [InlineData("[get(x=\"a)]", true)]
    [InlineData("[get(x=1)", false)]
    [InlineData("[get(x=1)]", false)]
    [InlineData("[get(x=1), now(", true)]
    [InlineData("""{"name": "get", "parameters": {"x": "}""", true)]
    [InlineData("""{"name": "get", "parameters": {"x": 1}""", true)]
    [InlineData("""{"name": "get", "parameters": {"x": 1}}""", false)]
    [InlineData("No [now(", false)]
    public void Output_SaysWhetherItEndsInACall(string text, bool expected)
    {
        var reader = new CertainCalls(Tools);

        reader.Append(text, []);

        reader.IsInCall.ShouldBe(expected);
    }

    [Fact]
    public void Call_IsToldAsSoonAsItsNameIs()
    {
        var reader = new CertainCalls(Tools);
        var deltas = new List<CallDelta>();

        reader.Append("[get_weather(", deltas);
        deltas.ShouldBe([new CallDelta(0, "get_weather", "{")]);
        reader.Append("city='Pa", deltas);
        deltas[1].ShouldBe(new CallDelta(0, null, "\"city\": \"Pa"));
        reader.Append("ris'), now()]", deltas);
        deltas[2..].ShouldBe([new CallDelta(0, null, "ris\"}"), new CallDelta(1, "now", "{}")]);
    }

    private static (string Content, List<(string Name, string Arguments)> Calls) Read(string text, int size)
    {
        var reader = new CertainCalls(Tools);
        var deltas = new List<CallDelta>();
        var content = "";
        foreach (var piece in text.Chunk(size))
            content += reader.Append(piece, deltas);
        content += reader.Finish();
        var calls = deltas.GroupBy(delta => delta.Call)
            .Select(call => (call.First().Name!, string.Concat(call.Select(delta => delta.Arguments)))).ToList();
        return (content, calls);
    }

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
