using System.Text;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Structured.Calls;

namespace Llama4.Structured.Tests;

/// <summary>Schemas as deep as a request may have them: compiled, or refused with a keyword's name, and far from the end of the stack.</summary>
public sealed class JsonNestingTests
{
    // Half of what the smallest stack of .NET's own threads is: 1 MiB on Windows, 1.5 on Linux. All of this runs in 384 KiB.
    private const int StackBytes = 512 << 10;

    [Theory]
    [InlineData("""{"type":"object","required":["a"],"properties":{"a":""", "}}", 2)]
    [InlineData("""{"type":"object","additionalProperties":""", "}", 1)]
    [InlineData("""{"type":"object","patternProperties":{"^a":""", "}}", 2)]
    [InlineData("""{"type":"array","items":""", "}", 1)]
    [InlineData("""{"prefixItems":[""", "]}", 2)]
    [InlineData("""{"allOf":[""", "]}", 2)]
    [InlineData("""{"anyOf":[{"type":"null"},""", "]}", 2)]
    [InlineData("""{"oneOf":[{"type":"null"},""", "]}", 2)]
    [InlineData("""{"not":""", "}", 1)]
    [InlineData("""{"if":{"type":"string"},"then":{"minLength":1},"else":""", "}", 1)]
    [InlineData("""{"contains":""", "}", 1)]
    [InlineData("""{"propertyNames":""", "}", 1)]
    [InlineData("""{"dependentSchemas":{"a":""", "}}", 2)]
    [InlineData("""{"unevaluatedProperties":false,"allOf":[""", "]}", 2)]
    [InlineData("""{"properties":{"x":{"$ref":"#end"},"y":""", "}}", 2)]
    public void Schema_AsDeepAsMayBe_NeedsLittleStack(string open, string close, int depth)
    {
        var schema = Nested(open, """{"type":"integer","$anchor":"end"}""", close, (JsonNesting.DepthMax - 1) / depth);

        var refused = OnSmallStack(() => ConstraintReader.Compile(new DecodingConstraint { Kind = ConstraintKind.Schema, Text = schema }).Accepts("1"));

        (refused is null or ConstraintException).ShouldBeTrue(refused?.ToString());
    }

    [Theory]
    [InlineData("const", "")]
    [InlineData("enum", "[")]
    public void Value_AsDeepAsMayBe_IsOneTheTextMustBe(string keyword, string list)
    {
        var value = Nested("[", "1", "]", JsonNesting.DepthMax - 3);
        var schema = $$"""{"{{keyword}}":{{list}}{{value}}{{(list.Length > 0 ? "]" : "")}}}""";

        OnSmallStack(() => ConstraintReader.Compile(new DecodingConstraint { Kind = ConstraintKind.Schema, Text = schema }).Accepts(value).ShouldBeTrue()).ShouldBeNull();
    }

    [Fact]
    public void Schema_OfNestedObjects_LetsThroughWhatIsValid()
    {
        const int Levels = (JsonNesting.DepthMax - 1) / 2;
        var schema = Nested("""{"type":"object","required":["a"],"properties":{"a":""", """{"type":"integer"}""", """},"additionalProperties":false}""", Levels);

        var constraint = ConstraintReader.Compile(new DecodingConstraint { Kind = ConstraintKind.Schema, Text = schema });

        constraint.Accepts(Nested("""{"a":""", "7", "}", Levels)).ShouldBeTrue();
        constraint.Accepts(Nested("""{"a":""", "7.5", "}", Levels)).ShouldBeFalse();
    }

    [Fact]
    public void Calls_OfAToolWithADeepSchema_AreCompiledAsTheSchemaIs()
    {
        const int Levels = (JsonNesting.DepthMax - 1) / 2;
        var schema = Nested("""{"type":"object","required":["a"],"properties":{"a":""", """{"type":"integer"}""", "}}", Levels);
        using var parameters = JsonDocument.Parse(schema, JsonNesting.Documents);
        var calls = new CallsText(CallForm.Json, [new CallableTool("f", parameters.RootElement, Strict: true)], Otherwise: new InsteadOfCalls(ConstraintKind.Schema, schema));

        OnSmallStack(() => ConstraintReader.Compile(calls.ToConstraint()).Accepts($$"""{"name": "f", "parameters": {{Nested("""{"a":""", "7", "}", Levels)}}}""").ShouldBeTrue())
            .ShouldBeNull();
    }

    [Theory]
    [InlineData(JsonNesting.DepthMax, "1", false)]
    [InlineData(JsonNesting.DepthMax + 1, "1", true)]
    [InlineData(100_000, "1", true)]
    [InlineData(JsonNesting.DepthMax, "oops", false)]
    public void IsTooDeep_TellsDepthFromWhatIsNoJson(int depth, string inside, bool expected) =>
        JsonNesting.IsTooDeep(Encoding.UTF8.GetBytes(Nested("[", inside, "]", depth))).ShouldBe(expected);

    private static string Nested(string open, string inside, string close, int levels) =>
        string.Concat(Enumerable.Repeat(open, levels)) + inside + string.Concat(Enumerable.Repeat(close, levels));

    /// <returns>What it threw.</returns>
    private static Exception? OnSmallStack(Action act)
    {
        Exception? thrown = null;
        var thread = new Thread(
            () =>
            {
                try
                {
                    act();
                }
                catch (Exception error)
                {
                    thrown = error;
                }
            },
            StackBytes);
        thread.Start();
        thread.Join();
        return thrown;
    }
}
