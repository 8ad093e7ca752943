using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Answers;

public class LogprobsTests
{
    private static readonly int[] Llama = ScoutNano.Tokenizer.Encode("🦙");
    private static readonly int A = ScoutNano.Tokenizer.Encode("a")[0];
    private static readonly int B = ScoutNano.Tokenizer.Encode("b")[0];

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chat_WhenLogprobsAreAskedFor_GivesTokenBytesAndTop(bool stream)
    {
        await using var gateway = await TestGateway.StartAsync(Cluster());
        var body = $$"""
            {"model":"scout-nano","messages":[{"role":"user","content":"x"}],"logprobs":true,"top_logprobs":2,"stream":{{(stream ? "true" : "false")}}}
            """;

        var tokens = stream
            ? (await gateway.EventsAsync("/v1/chat/completions", body))[1..^2].ConvertAll(Json.Parse)
                .SelectMany(chunk => chunk.At("choices.0.logprobs.content").EnumerateArray()).ToList()
            : [.. (await gateway.JsonAsync("/v1/chat/completions", body)).At("choices.0.logprobs.content").EnumerateArray()];

        // The eot ended the answer and is none of its tokens; a character of several tokens shows each of them by its bytes.
        tokens.Count.ShouldBe(2 + Llama.Length);
        tokens[0].At("token").GetString().ShouldBe("a");
        tokens[0].At("logprob").GetDouble().ShouldBe(-0.25);
        tokens[0].At("bytes").EnumerateArray().Select(value => value.GetInt32()).ShouldBe([97]);
        tokens[0].At("top_logprobs").EnumerateArray().Select(top => top.At("token").GetString()).ShouldBe(["a", "b"]);
        tokens.Skip(1).Take(Llama.Length).SelectMany(token => token.At("bytes").EnumerateArray()).Select(value => (byte)value.GetInt32())
            .ShouldBe("🦙"u8.ToArray());
        tokens[^1].At("token").GetString().ShouldBe("b");
        tokens[^1].At("logprob").GetDouble().ShouldBe(-9999, "a probability of zero has no JSON number");
    }

    [Fact]
    public async Task Completion_WhenLogprobsAreAskedFor_GivesFourArraysOfOneLength()
    {
        await using var gateway = await TestGateway.StartAsync(Cluster());

        var answer = await gateway.JsonAsync("/v1/completions", """{"model":"scout-nano","prompt":"x","logprobs":2}""");

        var logprobs = answer.At("choices.0.logprobs");
        var count = 2 + Llama.Length;
        logprobs.At("tokens").GetArrayLength().ShouldBe(count);
        logprobs.At("tokens.0").GetString().ShouldBe("a");
        logprobs.At("token_logprobs").GetArrayLength().ShouldBe(count);
        logprobs.At("token_logprobs.0").GetDouble().ShouldBe(-0.25);
        logprobs.At("top_logprobs").GetArrayLength().ShouldBe(count);
        logprobs.At("top_logprobs.0.b").GetDouble().ShouldBe(-2);
        var offsets = logprobs.At("text_offset").EnumerateArray().Select(offset => offset.GetInt32()).ToList();
        offsets[0].ShouldBe(0);
        offsets[1].ShouldBe(1);
        offsets[^1].ShouldBe(2, "offsets count characters, and the llama is one");
    }

    [Fact]
    public async Task Completion_WhenItStreamsLogprobs_GivesWhatTheWholeAnswerHas()
    {
        await using var gateway = await TestGateway.StartAsync(Cluster());
        var whole = (await gateway.JsonAsync("/v1/completions", """{"model":"scout-nano","prompt":"x","logprobs":2}""")).At("choices.0.logprobs");

        var chunks = (await gateway.EventsAsync("/v1/completions", """{"model":"scout-nano","prompt":"x","logprobs":2,"stream":true}"""))[..^2].ConvertAll(Json.Parse);

        foreach (var array in (string[])["tokens", "token_logprobs", "top_logprobs", "text_offset"])
        {
            chunks.SelectMany(chunk => chunk.At("choices.0.logprobs").At(array).EnumerateArray()).Select(value => value.GetRawText())
                .ShouldBe(whole.At(array).EnumerateArray().Select(value => value.GetRawText()), array);
        }
    }

    [Fact]
    public async Task Chat_WhenAStopStringCutsTheText_GivesLogprobsOfTheTokensBeforeItOnly()
    {
        var cluster = new ScriptedClient(generation =>
        {
            generation.Token(A, logprob: -1, top: []);
            generation.Token(B, logprob: -2, top: []);
            generation.Token(A, logprob: -3, top: []);
            generation.Token(A, logprob: -4, top: []);
        });
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(
            "/v1/chat/completions", """{"model":"scout-nano","messages":[{"role":"user","content":"x"}],"logprobs":true,"stop":"ba"}""");

        answer.At("choices.0.message.content").GetString().ShouldBe("a");
        answer.At("choices.0.logprobs.content").EnumerateArray().Select(token => token.At("logprob").GetDouble()).ShouldBe([-1]);
        answer.At("usage.completion_tokens").GetInt32().ShouldBe(3);
    }

    private static ScriptedClient Cluster() => new(generation =>
    {
        generation.Request.TopLogprobs.ShouldBe(2);
        generation.Token(A, logprob: -0.25, top: [new(A, -0.25), new(B, -2)]);
        foreach (var id in Llama)
        {
            generation.Token(id, logprob: -0.5, top: [new(id, -0.5), new(A, -3)]);
        }

        generation.Token(B, logprob: double.NegativeInfinity, top: [new(A, -0.1), new(Llama[0], -4)]);
        generation.Token(ScoutNano.Eot, FinishReason.Stop, logprob: -0.1, top: [new(A, -0.1), new(B, -4)]);
    });
}
