using System.Text.Json;
using Llama4.Structured.Grammars;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Structured.Tests;

public sealed class ConstraintPartsTests
{
    private const string Weather =
        """{"type":"object","properties":{"city":{"type":"string"},"days":{"type":"integer","minimum":1},"hourly":{"type":"boolean"},"in":{"enum":["C","F",null]}},"required":["city"],"additionalProperties":false}""";

    private const string Now = """{"type":"object","properties":{},"additionalProperties":false}""";

    private static readonly Constraint Calls = Constraint.OfGrammar(ConstraintParts.Sequence(
        ConstraintParts.Literal("["),
        ConstraintParts.Repeat(ConstraintParts.Choice(Call("weather", Weather), Call("now", Now)), ", "),
        ConstraintParts.Literal("]")));

    [Theory]
    [InlineData("""[weather(city="Paris")]""", """{"city":"Paris"}""")]
    [InlineData("""[weather(city='Paris', days=3,hourly=True, in=None)]""", """{"city":"Paris","days":3,"hourly":true,"in":null}""")]
    [InlineData("""[weather(city='L\'Aquila "x"', hourly=false, in='C'), now()]""", """{"city":"L'Aquila \"x\"","hourly":false,"in":"C"}""")]
    [InlineData("[weather(city='a\\nb\\u001f')]", """{"city":"a\nb\u001f"}""")]
    [InlineData("[now(), now()]", "{}")]
    public void PythonCalls_ThatAreAllowed_AreReadBackAsTheirArguments(string text, string arguments)
    {
        Calls.Accepts(text).ShouldBeTrue();
        var calls = Read(text);
        JsonElement.DeepEquals(JsonDocument.Parse(calls[0].Arguments).RootElement, JsonDocument.Parse(arguments).RootElement).ShouldBeTrue(calls[0].Arguments);
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("[weather()]")]
    [InlineData("""[weather(city="Paris",)]""")]
    [InlineData("""[weather(days=3, city="Paris")]""")]
    [InlineData("""[weather(city="Paris', days=3)]""")]
    [InlineData("""[weather(city='it's')]""")]
    [InlineData("""[weather(city="Paris", days=0)]""")]
    [InlineData("""[weather(city="Paris", in='X')]""")]
    [InlineData("""[weather(city="Paris", other=1)]""")]
    [InlineData("""[now()now()]""")]
    [InlineData("""[now(), now()""")]
    [InlineData("[weather(city='a\nb')]")]
    public void PythonCalls_ThatNoToolAllows_AreRefused(string text) => Calls.Accepts(text).ShouldBeFalse();

    [Fact]
    public void PythonArguments_NestedAndOpen_TakeBothForms()
    {
        var arguments = Constraint.OfGrammar(ConstraintParts.PythonArguments(Json(
            """{"properties":{"a":{"type":"object","properties":{"é":{"type":"number"},"x":{"const":{"k":[true,"q\"'"]}}}},"not-a-name":true},"additionalProperties":{"type":"array"}}""")));
        foreach (var text in new[] { "", "a={}", "a={'é': 1.5e3, \"x\": {'k': [True, 'q\"\\'']}}", "a={'other': None}, more=[1, 'x', {}]", "b=[]" })
        {
            arguments.Accepts(text).ShouldBeTrue(text);
        }

        foreach (var text in new[] { "a={é: 1}", "a={'é': 1e999}", "not-a-name=1", "b=1", "a=[]", "b =[]", "1b=[]" })
        {
            arguments.Accepts(text).ShouldBeFalse(text);
        }
    }

    [Theory]
    [InlineData("""{"type":"string"}""", "objects")]
    [InlineData("""{"required":["a-b"]}""", "\"a-b\"")]
    public void PythonArguments_OfWhatNoCallCanSay_AreRefused(string schema, string part) =>
        Should.Throw<ConstraintException>(() => ConstraintParts.PythonArguments(Json(schema))).Message.ShouldContain(part);

    [Theory]
    [InlineData("a", false)]
    [InlineData("a;a", true)]
    [InlineData("a;a;a", true)]
    [InlineData("a;a;a;a", false)]
    [InlineData("aa", false)]
    [InlineData("a;a;", false)]
    public void Repeat_CountsItsParts(string text, bool accepted) =>
        Constraint.OfGrammar(ConstraintParts.Repeat(ConstraintParts.Literal("a"), ";", 2, 3)).Accepts(text).ShouldBe(accepted);

    [Fact]
    public void Repeat_OfWhatMayBeEmpty_Ends()
    {
        var inner = ConstraintParts.Repeat(ConstraintParts.Literal("a"), min: 0);
        var outer = Constraint.OfGrammar(ConstraintParts.Repeat(ConstraintParts.Choice(inner, inner, ConstraintParts.Literal("")), min: 3));
        outer.Accepts("").ShouldBeTrue();
        outer.Accepts("aaaa").ShouldBeTrue();
        outer.Accepts("ab").ShouldBeFalse();
    }

    [Fact]
    public void Sequence_OfLiteralsAroundASchema_IsTheirTextInARow()
    {
        var call = Constraint.OfGrammar(ConstraintParts.Sequence(
            ConstraintParts.Literal("{\"name\": \"weather\", \"parameters\": "), ConstraintParts.Schema(Json(Weather)), ConstraintParts.Literal("}")));
        call.Accepts("""{"name": "weather", "parameters": {"city": "Paris"}}""").ShouldBeTrue();
        call.Accepts("""{"name": "weather", "parameters": {}}""").ShouldBeFalse();
    }

    private static Grammar Call(string name, string schema) => ConstraintParts.Sequence(
        ConstraintParts.Literal(name + "("), ConstraintParts.PythonArguments(Json(schema)), ConstraintParts.Literal(")"));

    private static IReadOnlyList<ParsedToolCall> Read(string text) => ToolCallParser.Parse(text, ["weather", "now"]).Calls;

    private static JsonElement Json(string text) => JsonDocument.Parse(text).RootElement;
}
