using System.Text;
using System.Text.Json;
using CsCheck;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Tokenization.Tests.ToolCalls;

public sealed class ToolCallParserTests
{
    private static readonly List<OutputCase> Cases = GoldenLines.Read<OutputCase>("chat", "toolcalls.jsonl.gz");

    [Fact]
    public void Parse_WhenOutputIsGolden_GivesContentAndCalls()
    {
        Cases.Count.ShouldBe(269);
        Cases.Count(output => output.ToolCalls.Length > 0).ShouldBe(151);
        foreach (var output in Cases)
        {
            var (content, calls) = ToolCallParser.Parse(output.Text, output.Tools);
            content.ShouldBe(output.Content, output.Text);
            ShouldBeEqual(calls, output);
        }
    }

    [Fact]
    public void Append_WhenCharactersComeSingly_GivesTheSame()
    {
        foreach (var output in Cases)
        {
            Check(output, [.. output.Text.Select(unit => unit.ToString())]);
        }
    }

    [Fact]
    public void Append_WhenOutputIsCutAnywhere_GivesTheSame() =>
        Gen.Select(Gen.Int[0, Cases.Count - 1].Select(i => Cases[i]), Gen.Int[1, 12].Array[1, 400]).Sample(
            (output, lengths) =>
            {
                var pieces = new List<string>();
                for (int at = 0, i = 0; at < output.Text.Length; i++)
                {
                    var length = Math.Min(lengths[i % lengths.Length], output.Text.Length - at);
                    pieces.Add(output.Text.Substring(at, length));
                    at += length;
                }

                Check(output, pieces);
            },
            iter: 2000);

    [Theory]
    [InlineData(" \nThe weather", 3)]
    [InlineData("<b>", 2)]
    [InlineData("<|python_x", 10)]
    [InlineData("[1] see", 2)]
    [InlineData("[get_whatever(", 7)]
    [InlineData("[now] is", 5)]
    [InlineData("[now()] is", 9)]
    [InlineData("[now(x)]", 7)]
    [InlineData("[now(x=Tomorrow", 9)]
    [InlineData("{curly", 2)]
    [InlineData("{\"answer\": 42} and", 14)]
    [InlineData("<|python_start|>x<|python_end|>[1]", 33)]
    public void Append_WhenItCanNoLongerBeACall_GivesAllOfItAtOnce(string text, int certainAt)
    {
        var parser = new ToolCallParser(["now", "get_weather"]);
        for (var i = 0; i < certainAt - 1; i++)
        {
            parser.Append(text.AsSpan(i, 1)).ShouldBe("", $"after {i + 1} characters");
        }

        parser.Append(text.AsSpan(certainAt - 1, 1)).ShouldBe(text[..certainAt]);
        parser.Append(text.AsSpan(certainAt)).ShouldBe(text[certainAt..]);
        var (rest, calls) = parser.Finish();
        rest.ShouldBe("");
        calls.ShouldBeEmpty();
    }

    // What Python 3.11 makes of the literal.
    [Theory]
    [InlineData("\"\\ud83d\\ude00\"", "\"😀\"")]
    [InlineData("'\\ud83d' '\\ude00'", "\"😀\"")]
    [InlineData("'\\ud83d'", "\"\\ud83d\"")]
    [InlineData("'\\x41\\101\\7\\0008\\777\\q\\z'", "\"AA\\u0007\\u00008ǿ\\\\q\\\\z\"")]
    [InlineData("'\\a\\b\\f\\v\\t'", "\"\\u0007\\u0008\\u000c\\u000b\\t\"")]
    [InlineData("'''a\r\nb\rc\\\r\nd'''", "\"a\\nb\\ncd\"")]
    [InlineData("\"\"\"a\"b\"\"c\"\"\"", "\"a\\\"b\\\"\\\"c\"")]
    [InlineData("\"\"\"\"a\\\"\"\"\"", "\"\\\"a\\\"\"")]
    [InlineData("''''''", "\"\"")]
    [InlineData("'' \"\" 'x'", "\"x\"")]
    [InlineData("R'a\\'b' u\"c\" U'd'", "\"a\\\\'bcd\"")]
    [InlineData("r'a\\\nb'", "\"a\\\\\\nb\"")]
    [InlineData("(('a' 'b'))", "\"ab\"")]
    [InlineData("({('k'): (1,)},)", "[{\"k\": [1]}]")]
    [InlineData("{'a': 1, 'b': 2, 'a': 3,}", "{\"a\": 3, \"b\": 2}")]
    [InlineData("[ 1 , ]", "[1]")]
    [InlineData("0xFF_ff", "65535")]
    [InlineData("-0X1_0", "-16")]
    [InlineData("0b_1010", "10")]
    [InlineData("0o777", "511")]
    [InlineData("0xffffffffffffffffffffffff", "79228162514264337593543950335")]
    [InlineData("0_0", "0")]
    [InlineData("- 0", "0")]
    [InlineData("-0.", "-0.0")]
    [InlineData("1_0.5_0e1_0", "105000000000.0")]
    [InlineData("00.5", "0.5")]
    [InlineData("09e1", "90.0")]
    [InlineData("1E+20", "1e+20")]
    [InlineData("+123_456_789_012_345_678_901_234_567_890", "123456789012345678901234567890")]
    public void Parse_WhenAValueIsALiteral_GivesItAsJson(string literal, string json)
    {
        var (content, calls) = ToolCallParser.Parse($"[f(x={literal})]", ["f"]);
        content.ShouldBeNull();
        calls.ShouldBe([new ParsedToolCall("f", $"{{\"x\": {json}}}")]);
    }

    [Theory]
    [InlineData("'\\x4'")]
    [InlineData("'\\u12'")]
    [InlineData("'\\U00110000'")]
    [InlineData("'\\N{DIGIT ONE}'")]
    [InlineData("'a\rb'")]
    [InlineData("ur'x'")]
    [InlineData("rb'x'")]
    [InlineData("'a' f'b'")]
    [InlineData("'a' b'b'")]
    [InlineData("('a') 'b'")]
    [InlineData("--1")]
    [InlineData("-True")]
    [InlineData("-'x'")]
    [InlineData("01")]
    [InlineData("0_1")]
    [InlineData("1__0")]
    [InlineData("1_")]
    [InlineData("1_.5")]
    [InlineData("1._5")]
    [InlineData("1e")]
    [InlineData("1e_5")]
    [InlineData(".")]
    [InlineData(".e5")]
    [InlineData("..5")]
    [InlineData("0x")]
    [InlineData("0o8")]
    [InlineData("0b2")]
    [InlineData("0x1.8")]
    [InlineData("1L")]
    [InlineData("-1e999")]
    [InlineData("inf")]
    [InlineData("Tru")]
    [InlineData("Truee")]
    [InlineData("TRUE")]
    [InlineData("(,)")]
    [InlineData("[,]")]
    [InlineData("[1,,]")]
    [InlineData("[1}")]
    [InlineData("{1: 2}")]
    [InlineData("{'a': 1, 'b'}")]
    [InlineData("{'a', }")]
    [InlineData("{**{}}")]
    [InlineData("[*[]]")]
    [InlineData("(1)(2)")]
    public void Parse_WhenAValueIsNoLiteral_IsContent(string literal) => ShouldBeContent($"[f(x={literal})]");

    [Theory]
    [InlineData("[f.(x=1)]")]
    [InlineData("[f..f(x=1)]")]
    [InlineData("[2f(x=1)]")]
    [InlineData("[f(x==1)]")]
    [InlineData("[f(x:=1)]")]
    [InlineData("[f(x=1))]")]
    [InlineData("[f(x=1)]]")]
    [InlineData("""{"name":"f","parameters":{},"arguments":{}}""")]
    [InlineData("""{"name":"f","parameters":{}};""")]
    [InlineData("""{"name":"f","parameters":{}};;{"name":"f","parameters":{}}""")]
    [InlineData("""{"name":"f","parameters":{"a":01}}""")]
    [InlineData("""{"name":"f","parameters":{"a":.5}}""")]
    [InlineData("""{"name":"f","parameters":{"a":1.}}""")]
    [InlineData("""{"name":"f","parameters":{"a":+1}}""")]
    [InlineData("""{"name":"f","parameters":{"a":"\x41"}}""")]
    [InlineData("""{"name":"f","parameters":{"a":[1,]}}""")]
    [InlineData("""{"name":"f","parameters":{"a":1 "b":2}}""")]
    [InlineData("""{"name":"f","parameters":{a:1}}""")]
    [InlineData("""<|python_start|>[f()]<|python_end|>[f()]<|python_end|>""")]
    [InlineData("""<|python_start|>[f()]<|python_e""")]
    [InlineData("""<|python_start|>[f(x="<|python_end|>")]""")]
    [InlineData("""<|python_star""")]
    [InlineData("""<|python_end|>[f()]""")]
    public void Parse_WhenAnythingIsWrong_IsContentUnchanged(string text) => ShouldBeContent($" {text}\n");

    [Theory]
    [InlineData("""{"name":"g","name":"f","parameters":1,"parameters":{"a":1,"a":2}}""", """{"a": 2}""")]
    [InlineData("""{"name":"\u0066","arguments":{"n":-0,"x":1.50,"e":1E400}}""", """{"n": -0, "x": 1.50, "e": 1E400}""")]
    [InlineData("""<|python_start|>[f(a="<|python_en", b='<<|python_end|')]<|python_end|>""", """{"a": "<|python_en", "b": "<<|python_end|"}""")]
    public void Parse_WhenACallIsOdd_TakesItByTheRule(string text, string arguments) =>
        ToolCallParser.Parse(text, ["f"]).Calls.ShouldBe([new ParsedToolCall("f", arguments)]);

    [Fact]
    public void Parse_WhenProseStandsBeforeTheEndMarker_IsTrimmedContent()
    {
        var (content, calls) = ToolCallParser.Parse("<|python_start|>\n[1] Look: <|python_end|>\n[f()]\n", ["f"]);
        content.ShouldBe("[1] Look:");
        calls.ShouldBe([new ParsedToolCall("f", "{}")]);
    }

    [Fact]
    public void Parse_WhenContainersAreDeep_TakesAsManyAsTheBound()
    {
        string Nested(int depth) => $"[f(x={new string('[', depth)}{new string(']', depth)})]";
        ToolCallParser.Parse(Nested(500), ["f"]).Calls.Count.ShouldBe(1);
        ToolCallParser.Parse(Nested(501), ["f"]).Calls.ShouldBeEmpty();
        ToolCallParser.Parse(Nested(400_000), ["f"]).Calls.ShouldBeEmpty();
    }

    [Fact]
    public void Append_WhenMoreIsHeldThanTheBound_GivesItAsContent()
    {
        var parser = new ToolCallParser(["f"]);
        parser.Append("[f(x='");
        var text = new StringBuilder("[f(x='");
        var given = "";
        for (var i = 0; given.Length == 0; i++)
        {
            given = parser.Append(new string('x', 1000));
            text.Append('x', 1000);
        }

        given.ShouldBe(text.ToString());
        given.Length.ShouldBeInRange(ToolCallParser.HeldCharsMax, ToolCallParser.HeldCharsMax + 1001);
    }

    [Fact]
    public void Parse_WhenValuesAreLong_IsDoneInAMoment()
    {
        var digits = new string('f', 200_000);
        ToolCallParser.Parse($"[f(x=0x{digits})]", ["f"]).Calls.Single().Arguments.Length.ShouldBeInRange(240_000, 241_000);
        ToolCallParser.Parse($"[f(x={new string('9', 900_000)})]", ["f"]).Calls.Single().Arguments.Length.ShouldBe(900_007);
        ToolCallParser.Parse($"[f(x=[{string.Join(',', Enumerable.Repeat("1", 400_000))}])]", ["f"]).Calls.Count.ShouldBe(1);
    }

    private static void ShouldBeContent(string text)
    {
        var (content, calls) = ToolCallParser.Parse(text, ["f", "2f", "f.", "f..f"]);
        calls.ShouldBeEmpty();
        content.ShouldBe(text);
    }

    private static void Check(OutputCase output, IReadOnlyList<string> pieces)
    {
        var parser = new ToolCallParser(output.Tools);
        var given = string.Concat(pieces.Select(piece => parser.Append(piece)));
        if (output.ToolCalls.Length > 0)
        {
            given.ShouldBe("", output.Text); // it would be a part of the call
        }

        var (rest, calls) = parser.Finish();
        (given + rest).ShouldBe(output.Content ?? "", output.Text);
        ShouldBeEqual(calls, output);
    }

    private static void ShouldBeEqual(IReadOnlyList<ParsedToolCall> calls, OutputCase output)
    {
        calls.Select(call => call.Name).ShouldBe(output.ToolCalls.Select(call => call.Name), output.Text);
        foreach (var (call, expected) in calls.Zip(output.ToolCalls))
        {
            JsonElement.DeepEquals(JsonDocument.Parse(call.Arguments).RootElement, expected.Arguments).ShouldBeTrue(output.Text);
        }
    }

    internal sealed record OutputCase(string Text, string[] Tools, string? Content, CallCase[] ToolCalls);

    internal sealed record CallCase(string Name, JsonElement Arguments);
}
