using System.Net;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>The fields that say what an answer must look like, and what the cluster is asked for.</summary>
public class AnswerFormTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";

    [Theory]
    [InlineData("""{"response_format":{"type":"json_object"}}""", ConstraintKind.Schema, """{"type":"object"}""")]
    [InlineData("""{"response_format":{"type":"json_object","schema":{"type":"array"}}}""", ConstraintKind.Schema, """{"type":"array"}""")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":true,"schema":{"type":"null"}}}}""", ConstraintKind.Schema, """{"type":"null"}""")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"a","strict":false,"schema":{"type":"null"}}}}""", ConstraintKind.Schema, """{"type":"null"}""")]
    [InlineData("""{"response_format":{"type":"json_schema","json_schema":{"name":"a"}}}""", ConstraintKind.Schema, """{"type":"object"}""")]
    [InlineData("""{"json_schema":{"type":"null"}}""", ConstraintKind.Schema, """{"type":"null"}""")]
    [InlineData("""{"guided_json":{"type":"null"}}""", ConstraintKind.Schema, """{"type":"null"}""")]
    [InlineData("""{"guided_json":"{\"type\":\"null\"}"}""", ConstraintKind.Schema, """{"type":"null"}""")]
    [InlineData("""{"guided_regex":"[ab]+"}""", ConstraintKind.Regex, "[ab]+")]
    [InlineData("""{"guided_choice":["a","b"]}""", ConstraintKind.Choice, """["a","b"]""")]
    [InlineData("""{"structured_outputs":{"json":{"type":"null"},"disable_any_whitespace":true}}""", ConstraintKind.Schema, """{"type":"null"}""")]
    [InlineData("""{"structured_outputs":{"json_object":true}}""", ConstraintKind.Schema, """{"type":"object"}""")]
    [InlineData("""{"structured_outputs":{"regex":"a","json":null}}""", ConstraintKind.Regex, "a")]
    [InlineData("""{"structured_outputs":{"choice":["a"]}}""", ConstraintKind.Choice, """["a"]""")]
    public async Task AnswerForm_HoweverItIsSaid_IsWhatTheClusterIsAskedFor(string fields, ConstraintKind kind, string text)
    {
        foreach (var (path, rest) in new[] { (Chat, """ "messages":[{"role":"user","content":"x"}] """), (Text, """ "prompt":"x" """) })
        {
            var cluster = ScriptedClient.Saying("null");
            await using var gateway = await TestGateway.StartAsync(cluster);

            await gateway.JsonAsync(path, $$"""{"model":"scout-nano",{{rest}},{{fields[1..]}}""");

            var request = (await cluster.NextAsync()).Request;
            request.Constraint.ShouldBe(new DecodingConstraint { Kind = kind, Text = text });
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","response_format":{"type":"text"}""")]
    [InlineData(""","response_format":null""")]
    [InlineData(""","guided_json":null,"structured_outputs":{}""")]
    public async Task AnswerForm_OfAnyText_IsNoConstraint(string fields)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Chat, $$"""{"model":"scout-nano","messages":[{"role":"user","content":"x"}]{{fields}}}""");

        (await cluster.NextAsync()).Request.Constraint.ShouldBeNull();
    }

    [Theory]
    [InlineData("""{"type":"string","format":"idn-hostname"}""", "format")]
    [InlineData("""{"type":"object","properties":{"a":{"$dynamicRef":"#a"}}}""", "$dynamicRef")]
    [InlineData("""{"allOf":[{"type":"string"},{"type":"null"}]}""", "type")]
    public async Task Schema_WithWhatIsNotSupported_IsA400ThatNamesTheKeyword(string schema, string keyword)
    {
        var cluster = ScriptedClient.Silent();
        await using var gateway = await TestGateway.StartAsync(cluster);

        var error = await gateway.JsonAsync(
            Chat,
            $$$$"""{"model":"scout-nano","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{{{{schema}}}}}}}""",
            HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe("response_format.json_schema.schema");
        error.At("error.message").GetString()!.ShouldContain(keyword);
        cluster.HasNext.ShouldBeFalse();
    }

    /// <summary>An answer that must end somewhere needs an id to end with; the flag makes it go on where it may.</summary>
    [Fact]
    public async Task IgnoreEos_WithAConstraint_KeepsTheStopIdsAndEndsLate()
    {
        var cluster = ScriptedClient.Saying("aa");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Text, """{"model":"scout-nano","prompt":"x","guided_regex":"a+","ignore_eos":true,"stop_token_ids":[7]}""");

        var request = (await cluster.NextAsync()).Request;
        request.Constraint!.EndsLate.ShouldBeTrue();
        request.StopIds.ShouldBe([7, .. ScoutNano.Options.StopIds], ignoreOrder: true);
    }
}
