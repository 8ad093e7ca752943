using System.Net;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

public class ChatCompletionsEndpointTests
{
    private const string Path = "/v1/chat/completions";
    private const string Hello = """{"role":"user","content":"Hello"}""";

    [Fact]
    public async Task Chat_WhenWhole_GivesTextFinishAndUsage()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Paris, naïvely."));

        var answer = await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}]}""");

        answer.At("object").GetString().ShouldBe("chat.completion");
        answer.At("id").GetString()!.ShouldStartWith("chatcmpl-");
        answer.At("model").GetString().ShouldBe("scout-nano");
        answer.At("choices.0.message.role").GetString().ShouldBe("assistant");
        answer.At("choices.0.message.content").GetString().ShouldBe("Paris, naïvely.");
        answer.At("choices.0.finish_reason").GetString().ShouldBe("stop");
        var prompt = ScoutNano.ChatFormat.Render([new(Tokenization.Chat.ChatRole.User, "Hello")], addGenerationPrompt: true).Length;
        var generated = ScoutNano.Tokenizer.Encode("Paris, naïvely.").Length + 1; // and the eot
        answer.At("usage.prompt_tokens").GetInt32().ShouldBe(prompt);
        answer.At("usage.completion_tokens").GetInt32().ShouldBe(generated);
        answer.At("usage.total_tokens").GetInt32().ShouldBe(prompt + generated);
    }

    [Fact]
    public async Task Chat_WhenStreamed_GivesRoleThenTokensThenFinishThenDone()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Hi \"you\" 🦙!"));

        var events = await gateway.EventsAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"stream":true}""");

        events[^1].ShouldBe("[DONE]");
        var chunks = events[..^1].ConvertAll(Json.Parse);
        chunks.Select(chunk => chunk.At("id").GetString()).Distinct().Count().ShouldBe(1);
        chunks.ShouldAllBe(chunk => chunk.At("object").GetString() == "chat.completion.chunk");
        chunks.ShouldAllBe(chunk => chunk.EnumerateObject().All(member => member.Name != "usage"));
        chunks[0].At("choices.0.delta.role").GetString().ShouldBe("assistant");
        string.Concat(chunks[1..^1].Select(chunk => chunk.At("choices.0.delta.content").GetString())).ShouldBe("Hi \"you\" 🦙!");
        chunks[..^1].ShouldAllBe(chunk => chunk.At("choices.0.finish_reason").ValueKind == System.Text.Json.JsonValueKind.Null);
        chunks[^1].At("choices.0.finish_reason").GetString().ShouldBe("stop");
        chunks[^1].At("choices.0.delta").EnumerateObject().ShouldBeEmpty();
    }

    [Fact]
    public async Task Chat_WhenUsageIsAskedFor_StreamsItLastWithCachedTokens()
    {
        var cluster = new ScriptedClient(generation =>
        {
            generation.Token(100, cached: 7);
            generation.Token(101, FinishReason.Length);
        });
        await using var gateway = await TestGateway.StartAsync(cluster);

        var events = await gateway.EventsAsync(
            Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"stream":true,"stream_options":{"include_usage":true},"max_tokens":2}""");

        var chunks = events[..^1].ConvertAll(Json.Parse);
        chunks[..^1].ShouldAllBe(chunk => chunk.At("usage").ValueKind == System.Text.Json.JsonValueKind.Null);
        chunks[^2].At("choices.0.finish_reason").GetString().ShouldBe("length");
        chunks[^1].At("choices").GetArrayLength().ShouldBe(0);
        chunks[^1].At("usage.completion_tokens").GetInt32().ShouldBe(2);
        chunks[^1].At("usage.prompt_tokens_details.cached_tokens").GetInt32().ShouldBe(7);
    }

    [Fact]
    public async Task Chat_WhenNIsTwo_StreamsBothChoicesInTurns()
    {
        var cluster = new ScriptedClient(generation =>
        {
            generation.Text(generation.Request.Choice == 0 ? "one one one one" : "two two two two");
            generation.End(FinishReason.Length);
        });
        await using var gateway = await TestGateway.StartAsync(cluster);

        var events = await gateway.EventsAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"stream":true,"n":2,"seed":5}""");

        var deltas = events[..^1].ConvertAll(Json.Parse).ConvertAll(chunk => chunk.At("choices.0"));
        string TextOf(int index) => string.Concat(
            deltas.Where(delta => delta.At("index").GetInt32() == index && delta.At("delta").TryGetProperty("content", out _))
                .Select(delta => delta.At("delta.content").GetString()));
        TextOf(0).ShouldBe("one one one one");
        TextOf(1).ShouldBe("two two two two");
        deltas.Take(6).Select(delta => delta.At("index").GetInt32()).ShouldBe([0, 1, 0, 1, 0, 1]);
        var requests = new[] { (await cluster.NextAsync()).Request, (await cluster.NextAsync()).Request };
        requests.Select(request => request.Choice).ShouldBe([0, 1]);
        requests.Select(request => request.Seed).ShouldBe([5ul, 5ul]);
        requests[0].Id.ShouldNotBe(requests[1].Id);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Chat_WhenAStopStringComes_EndsBeforeItAndFreesTheSequence(bool stream)
    {
        var cluster = new ScriptedClient(generation => generation.Text("The capital is Paris, of course."));
        await using var gateway = await TestGateway.StartAsync(cluster);
        var body = $$"""{"model":"scout-nano","messages":[{{Hello}}],"stop":["xyz","aris, o"],"stream":{{(stream ? "true" : "false")}}}""";

        string text;
        string? finish;
        if (stream)
        {
            var chunks = (await gateway.EventsAsync(Path, body))[..^1].ConvertAll(Json.Parse);
            text = string.Concat(chunks[..^1].Select(chunk => chunk.At("choices.0.delta.content").GetString()));
            finish = chunks[^1].At("choices.0.finish_reason").GetString();
        }
        else
        {
            var answer = await gateway.JsonAsync(Path, body);
            text = answer.At("choices.0.message.content").GetString()!;
            finish = answer.At("choices.0.finish_reason").GetString();
        }

        text.ShouldBe("The capital is P");
        finish.ShouldBe("stop");
        await (await cluster.NextAsync()).Disposed.WaitAsync(TimeSpan.FromSeconds(30));
    }

    [Fact]
    public async Task Chat_WhenSettingsAreGiven_PassesThemAll()
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, $$"""
            {"model":"scout-nano","messages":[{{Hello}}],"temperature":0,"top_p":0.5,"top_k":-1,"min_p":0.1,"presence_penalty":1,"frequency_penalty":-1,
             "repetition_penalty":1.5,"logit_bias":{"7":-100},"seed":-1,"stop_token_ids":[9],"max_tokens":3,"max_completion_tokens":4,"user":"u","unheard_of":1}
            """);

        var request = (await cluster.NextAsync()).Request;
        request.Sampling.LogitBias.ShouldBe(new Dictionary<int, double> { [7] = -100 });
        (request.Sampling with { LogitBias = null }).ShouldBe(new SamplingSettings
        {
            Temperature = 0, TopP = 0.5, TopK = 0, MinP = 0.1, PresencePenalty = 1, FrequencyPenalty = -1, RepetitionPenalty = 1.5,
        });
        request.Seed.ShouldBe(ulong.MaxValue);
        request.StopIds.ShouldBe([.. ScoutNano.Tokenizer.StopIds, 9]);
        request.TokensMax.ShouldBe(4);
        request.TopLogprobs.ShouldBeNull();
        request.Caller.ShouldBe("127.0.0.1");
    }

    [Fact]
    public async Task Chat_WhenSettingsAreAbsent_TakesTheModelsDefaultsAndTheContextThatIsLeft()
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"temperature":null,"ignore_eos":true}""");

        var request = (await cluster.NextAsync()).Request;
        request.Sampling.ShouldBe(new SamplingSettings { Temperature = 0.6, TopP = 0.9 });
        request.StopIds.ShouldBeEmpty();
        request.TokensMax.ShouldBe(4096 - request.Prompt.Length);
    }

    [Fact]
    public async Task Chat_WhenTheClusterHoldsLessThanTheContext_LetsAnOpenAnswerHaveWhatThereIs()
    {
        var cluster = ScriptedClient.Saying("ok");
        cluster.Admit = request => request.Prompt.Length + request.TokensMax > 100
            ? new SubmitResult(SubmitStatus.ContextLengthExceeded, "The KV pool holds 100 tokens.", TokensMax: 100)
            : SubmitResult.Accepted;
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}]}""");
        var error = await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"max_tokens":100}""", HttpStatusCode.BadRequest);

        var request = (await cluster.NextAsync()).Request;
        (request.Prompt.Length + request.TokensMax).ShouldBe(100);
        error.At("error.code").GetString().ShouldBe("context_length_exceeded");
    }

    [Fact]
    public async Task Chat_WhenHistoryHoldsToolCallsAndResults_RendersThem()
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, $$"""
            {"model":"scout-nano","messages":[{{Hello}},
             {"role":"assistant","content":null,"tool_calls":[{"id":"1","type":"function","function":{"name":"f","arguments":"{\"a\":1}"} } ]},
             {"role":"tool","tool_call_id":"1","content":"42"}]}
            """);

        var text = ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt);
        text.ShouldContain("[f(a=1)]");
        text.ShouldContain("ipython<|header_end|>\n\n42");
    }

    [Fact]
    public async Task Chat_WhenTheClusterFailsInMidStream_EndsTheStreamWithAnErrorEvent()
    {
        var cluster = new ScriptedClient(generation =>
        {
            generation.Text("Par");
            generation.End(FinishReason.Error, "An expert host is gone.");
        });
        await using var gateway = await TestGateway.StartAsync(cluster);

        var events = await gateway.EventsAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"stream":true}""");

        Json.Parse(events[^1]).At("error.message").GetString().ShouldBe("An expert host is gone.");
        events.ShouldNotContain("[DONE]");
    }

    /// <summary>Fields that forbid every token are the caller's mistake, though only drawing finds it: no alert rings for them, and no client asks again.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_WhenTheRequestLeavesNoToken_IsAMistakeOfTheRequest(bool stream)
    {
        await using var gateway = await TestGateway.StartAsync(
            new ScriptedClient(generation => generation.End(FinishReason.Error, "None can be drawn.", isOfRequest: true)));

        using var response = await gateway.PostAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"stream":{{(stream ? "true" : "false")}}}""", stream);
        var text = await response.Content.ReadAsStringAsync();
        var error = Json.Parse(stream ? text.TrimEnd().Split("data: ")[^1] : text);

        response.StatusCode.ShouldBe(stream ? HttpStatusCode.OK : HttpStatusCode.BadRequest);
        error.At("error.type").GetString().ShouldBe("invalid_request_error");
        error.At("error.code").GetString().ShouldBe("no_token_allowed");
        error.At("error.message").GetString().ShouldBe("None can be drawn.");
    }

    [Fact]
    public async Task Chat_WhenTheClusterFailsAnAnswerThatIsNotStreamed_Gives500()
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation => generation.End(FinishReason.Error, "An expert host is gone.")));

        var error = await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}]}""", HttpStatusCode.InternalServerError);

        error.At("error.message").GetString().ShouldBe("An expert host is gone.");
        error.At("error.type").GetString().ShouldBe("server_error");
    }

    [Fact]
    public async Task Chat_WhenTheSecondChoiceIsRefused_FreesTheFirst()
    {
        var cluster = ScriptedClient.Silent();
        cluster.Admit = request => request.Choice == 0 ? SubmitResult.Accepted : new SubmitResult(SubmitStatus.QueueFull, "The queue is full.", RetryAfterSeconds: 3);
        await using var gateway = await TestGateway.StartAsync(cluster);

        using var response = await gateway.PostAsync(Path, $$"""{"model":"scout-nano","messages":[{{Hello}}],"n":2,"stream":true}""");

        response.StatusCode.ShouldBe(HttpStatusCode.TooManyRequests);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(3));
        await (await cluster.NextAsync()).Disposed.WaitAsync(TimeSpan.FromSeconds(30));
    }
}
