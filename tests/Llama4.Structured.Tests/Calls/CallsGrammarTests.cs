using CsCheck;
using Llama4.Structured.Calls;
using Llama4.Structured.Vocabularies;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Structured.Tests.Calls;

public class CallsGrammarTests
{
    private static readonly string[] Names = ["now", "no", "my-tool", "2fa"];

    private static readonly string[] Pieces =
    [
        "[", "now", "no", "my-tool", "2fa", "(", ")", "]", " ", "\n", ",", "x=1", "{", "}", "\"name\"", ":", "\"parameters\"", "{\"name\": \"now\", \"parameters\": {}}", "[no()", "[now(",
        "<|python_start|>", "a",
    ];

    private static readonly CallsText Auto = new(
        CallForm.Python, [.. Names.Select(name => new CallableTool(name, null, Strict: true))], Otherwise: new InsteadOfCalls(null));

    /// <summary>The pieces that calls are made of, in any order: what is let through is just these calls, or the parser finds none in it.</summary>
    [Fact]
    public void Auto_WhateverItLetsThrough_IsCallsByTheirSchemasOrNoneAtAll()
    {
        var constraint = Constraint.OfGrammar(CallsGrammar.Of(Auto));
        var (calls, texts) = (0, 0);
        Gen.Int[0, Pieces.Length - 1]
            .Array[0, 8].Select(parts => string.Concat(parts.Select(part => Pieces[part]))).Sample(
                text =>
                {
                    if (!constraint.Accepts(text))
                        return;
                    var found = ToolCallParser.Parse(text, Names).Calls;
                    if (found.Count == 0)
                    {
                        Interlocked.Increment(ref texts);
                        return;
                    }
                    Interlocked.Increment(ref calls);
                    found.ShouldAllBe(call => call.Arguments == "{}");
                    (text.StartsWith('[') || text.StartsWith("{\"name\": ", StringComparison.Ordinal)).ShouldBeTrue(text);
                },
                iter: 50_000, threads: 1);
        calls.ShouldBeGreaterThan(0);
        texts.ShouldBeGreaterThan(1000);
    }

    /// <summary>A call that has begun with blanks where none are written is left neither free nor half bound: it cannot go on to its bracket.</summary>
    [Theory]
    [InlineData("[now")]
    [InlineData("[ now")]
    [InlineData("[now ")]
    [InlineData("\n[ my-tool")]
    public void Auto_BeforeACallsBracket_LeavesEveryOtherTextOpen(string text)
    {
        var state = Constraint.OfGrammar(CallsGrammar.Of(Auto)).Start(new Vocabulary([.. Enumerable.Range(0, 256).Select(value => new[] { (byte)value })], []));

        var reached = state.Advance(System.Text.Encoding.UTF8.GetBytes(text)).ShouldNotBeNull();

        reached.IsComplete.ShouldBeTrue();
        reached.Allows('x').ShouldBeTrue();
        reached.Allows('(').ShouldBe(text == "[now");
    }

    [Fact]
    public void Text_OfCalls_SurvivesItsWayThroughJson()
    {
        var text = Auto.ToConstraint().Text;

        CallsText.Parse(text).ToConstraint().Text.ShouldBe(text);
    }

    [Theory]
    [InlineData("")]
    [InlineData("{}")]
    [InlineData("""{"Form":"Python","Tools":[]}""")]
    [InlineData("""{"Form":"Python","Tools":[{"Name":""}]}""")]
    [InlineData("""{"Form":"Latin","Tools":[{"Name":"f"}]}""")]
    public void Text_ThatIsNone_IsRefused(string text) => Should.Throw<ConstraintException>(() => CallsText.Parse(text)).Keyword.ShouldBe("calls");
}
