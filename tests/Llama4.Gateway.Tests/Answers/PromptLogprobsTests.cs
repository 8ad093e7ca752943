using System.Net;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Answers;

/// <summary>Log-probabilities of prompts in answers. What the scripted cluster tells of one: token i has -i and rank i + 1, the best are ids 0, 1, ... at -0.5, -1.5, ...</summary>
public class PromptLogprobsTests
{
    private const string Text = "/v1/completions";
    private const string Chat = "/v1/chat/completions";

    private static readonly int Eot = ScoutNano.Eot;

    /// <summary>Begin_of_text, in front of which nothing is written, and three words, the second of which has several tokens.</summary>
    private const string Prompt = "The 🦙 is";

    private static readonly int[] Ids = ScoutNano.Tokenizer.Encode(Prompt, specials: true, bos: true);

    [Fact]
    public async Task Echo_WithLogprobs_BeginsTheArraysWithThePromptsTokens()
    {
        await using var gateway = await TestGateway.StartAsync(Saying(" it"));

        var choice = (await gateway.JsonAsync(Text, Body(",\"echo\":true,\"logprobs\":2,\"max_tokens\":2"))).At("choices.0");

        choice.At("text").GetString().ShouldBe("The 🦙 is it");
        var logprobs = choice.At("logprobs");
        var generated = ScoutNano.Tokenizer.Encode(" it").Length;
        var count = Ids.Length + generated + 1; // the stop id too: as many as prompt and answer have tokens
        foreach (var array in (string[])["tokens", "token_logprobs", "top_logprobs", "text_offset"])
        {
            logprobs.At(array).GetArrayLength().ShouldBe(count, array);
        }

        logprobs.At("tokens.0").GetString().ShouldBe("<|begin_of_text|>");
        logprobs.At("tokens.1").GetString().ShouldBe("The");
        logprobs.At("token_logprobs.0").ValueKind.ShouldBe(JsonValueKind.Null);
        logprobs.At("top_logprobs.0").ValueKind.ShouldBe(JsonValueKind.Null);
        Numbers(logprobs.At("token_logprobs"))[1..].ShouldBe([.. Enumerable.Range(1, Ids.Length - 1).Select(i => -i), .. Enumerable.Repeat(-0.25, generated), -0.125]);
        logprobs.At("top_logprobs.1").EnumerateObject().Select(top => top.Value.GetDouble()).ShouldBe([-0.5, -1.5, -1], "the best two and the token itself");
        var offsets = Numbers(logprobs.At("text_offset"));
        offsets[..2].ShouldBe([0, 0], "begin_of_text was not written");
        var llama = Array.FindIndex(Ids, id => ScoutNano.Tokenizer.Decode([id]).StartsWith(" ", StringComparison.Ordinal));
        offsets[llama].ShouldBe(3);
        offsets[Ids.Length].ShouldBe(8, "the llama is one character");
        offsets[^1].ShouldBe(11);
    }

    [Theory]
    [InlineData("", "")]
    [InlineData(",\"logprobs\":1", "null,-1")]
    public async Task Echo_OfNoTokens_IsThePromptAlone(string more, string expected)
    {
        var cluster = new ScriptedClient(generation => generation.End(FinishReason.Length));
        await using var gateway = await TestGateway.StartAsync(cluster);
        var body = $$"""{"model":"scout-nano","prompt":[5,6],"echo":true,"max_tokens":0{{more}}}""";

        var answer = await gateway.JsonAsync(Text, body);
        var events = (await gateway.EventsAsync(Text, body[..^1] + ",\"stream\":true}"))[..^1].ConvertAll(Json.Parse);

        answer.At("choices.0.text").GetString().ShouldBe(ScoutNano.Tokenizer.Decode([5, 6]));
        answer.At("choices.0.finish_reason").GetString().ShouldBe("length");
        answer.At("usage.completion_tokens").GetInt32().ShouldBe(0);
        string.Concat(events.Select(chunk => chunk.At("choices.0.text").GetString())).ShouldBe(ScoutNano.Tokenizer.Decode([5, 6]));
        events[^1].At("choices.0.finish_reason").GetString().ShouldBe("length");
        (await cluster.NextAsync()).Request.TokensMax.ShouldBe(0);
        if (expected.Length > 0)
        {
            answer.At("choices.0.logprobs.token_logprobs").GetRawText().ShouldBe($"[{expected}]");
        }
    }

    [Fact]
    public async Task Echo_WithLogprobsInAStream_GivesWhatTheWholeAnswerHas()
    {
        await using var gateway = await TestGateway.StartAsync(Saying(" it was"));
        var more = ",\"echo\":true,\"logprobs\":1,\"n\":2";
        var whole = await gateway.JsonAsync(Text, Body(more));

        var chunks = (await gateway.EventsAsync(Text, Body(more + ",\"stream\":true")))[..^1].ConvertAll(Json.Parse);

        for (var n = 0; n < 2; n++)
        {
            var own = chunks.Where(chunk => chunk.At("choices.0.index").GetInt32() == n && chunk.At("choices.0.logprobs").ValueKind == JsonValueKind.Object).ToList();
            own[0].At("choices.0.text").GetString()!.ShouldStartWith(Prompt);
            own[0].At("choices.0.logprobs.tokens").GetArrayLength().ShouldBeGreaterThanOrEqualTo(Ids.Length);
            foreach (var array in (string[])["tokens", "token_logprobs", "top_logprobs", "text_offset"])
            {
                own.SelectMany(chunk => chunk.At("choices.0.logprobs").At(array).EnumerateArray()).Select(value => value.GetRawText())
                    .ShouldBe(whole.At($"choices.{n}.logprobs").At(array).EnumerateArray().Select(value => value.GetRawText()), array);
            }
        }
    }

    [Fact]
    public async Task PromptLogprobs_OfTexts_AreEachChoicesAndToldOnceForAPrompt()
    {
        var cluster = Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(Text, """{"model":"scout-nano","prompt":[[1,500,1],[7]],"prompt_logprobs":2,"n":2}""");

        for (var n = 0; n < 2; n++)
        {
            var told = answer.At($"choices.{n}.prompt_logprobs");
            told.GetArrayLength().ShouldBe(3);
            told[0].ValueKind.ShouldBe(JsonValueKind.Null);
            Told(told[1]).ShouldBe([("500", -1, 2), ("0", -0.5, 1), ("1", -1.5, 2)]);
            Told(told[2]).ShouldBe([("1", -2, 3), ("0", -0.5, 1)], "a token that is among the best stands once");
            told[1].GetProperty("500").GetProperty("decoded_token").GetString().ShouldBe(ScoutNano.Tokenizer.Decode([500]));
            answer.At($"choices.{2 + n}.prompt_logprobs").GetRawText().ShouldBe("[null]");
        }

        answer.At("choices.0").TryGetProperty("logprobs", out var logprobs).ShouldBeTrue();
        logprobs.ValueKind.ShouldBe(JsonValueKind.Null);
        var asked = new List<int?>();
        for (var i = 0; i < 4; i++)
        {
            asked.Add((await cluster.NextAsync()).Request.PromptLogprobs);
        }

        asked.ShouldBe([2, null, 2, null]);
    }

    [Fact]
    public async Task PromptLogprobs_OfAChat_AreTheAnswers()
    {
        var cluster = Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(Chat, """{"model":"scout-nano","messages":[{"role":"user","content":"y"}],"prompt_logprobs":0,"n":2,"max_tokens":0}""");

        var prompt = (await cluster.NextAsync()).Request.Prompt;
        var told = answer.At("prompt_logprobs").EnumerateArray().ToList();
        told.Count.ShouldBe(prompt.Length);
        told[0].ValueKind.ShouldBe(JsonValueKind.Null);
        told[3].EnumerateObject().ShouldHaveSingleItem().Name.ShouldBe($"{prompt[3]}");
        told[3].GetProperty($"{prompt[3]}").GetProperty("rank").GetInt32().ShouldBe(4);
        answer.At("choices.0").TryGetProperty("prompt_logprobs", out _).ShouldBeFalse();
    }

    /// <summary>The cluster is asked for the greater of the two; each shows its own.</summary>
    [Fact]
    public async Task EchoAndPromptLogprobs_Together_ShowAsManyAsEachAsksFor()
    {
        var cluster = Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var choice = (await gateway.JsonAsync(Text, """{"model":"scout-nano","prompt":[500,501],"echo":true,"logprobs":1,"prompt_logprobs":3}""")).At("choices.0");

        (await cluster.NextAsync()).Request.PromptLogprobs.ShouldBe(3);
        choice.At("logprobs.top_logprobs.1").EnumerateObject().Count().ShouldBe(2);
        choice.At("prompt_logprobs.1").EnumerateObject().Count().ShouldBe(4);
    }

    [Fact]
    public async Task Answer_OfAClusterThatSkipsThePrompt_Fails()
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation => generation.Text("x")) { SkipsPrompts = true });

        var error = await gateway.JsonAsync(Text, Body(",\"prompt_logprobs\":1"), HttpStatusCode.InternalServerError);

        error.At("error.type").GetString().ShouldBe("server_error");
    }

    [Fact]
    public async Task PromptLogprobs_BeyondWhatAnAnswerMayHave_AreRefused()
    {
        await using var gateway = await TestGateway.StartAsync(Saying("x"), options => options with { Limits = options.Limits with { PromptLogprobsMax = 12 } });

        var error = await gateway.JsonAsync(Text, """{"model":"scout-nano","prompt":[1,2,3],"prompt_logprobs":1,"n":3}""", HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe("prompt_logprobs");
        error.At("error.message").GetString().ShouldBe("An answer may have 12 log-probabilities of prompts, but 18 were asked for.");
        await gateway.JsonAsync(Text, """{"model":"scout-nano","prompt":[1,2,3],"prompt_logprobs":1,"n":2}""");
    }

    private static string Body(string more) => $$"""{"model":"scout-nano","prompt":"{{Prompt}}"{{more}}}""";

    private static double[] Numbers(JsonElement array) => [.. array.EnumerateArray().Select(value => value.ValueKind == JsonValueKind.Null ? double.NaN : value.GetDouble())];

    private static List<(string Id, double Logprob, int Rank)> Told(JsonElement token) =>
        [.. token.EnumerateObject().Select(one => (one.Name, one.Value.GetProperty("logprob").GetDouble(), one.Value.GetProperty("rank").GetInt32()))];

    private static ScriptedClient Saying(string text) => new(generation =>
    {
        foreach (var id in ScoutNano.Tokenizer.Encode(text))
        {
            generation.Token(id, logprob: -0.25, top: [new(id, -0.25)]);
        }

        generation.Token(Eot, FinishReason.Stop, logprob: -0.125, top: [new(Eot, -0.125)]);
    });
}
