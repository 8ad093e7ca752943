using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

/// <summary>What fields do that vLLM and llama-server have beside OpenAI's.</summary>
public class AddedFieldsTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";

    [Theory]
    [InlineData("", "The capital is P", "stop")]
    [InlineData(",\"include_stop_str_in_output\":true", "The capital is Par", "stop")]
    public async Task StopString_StaysWhereItIsAskedFor(string more, string expected, string finish)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("The capital is Paris."));
        var body = $$"""{"model":"scout-nano","prompt":"x","stop":"ar"{{more}}}""";

        var whole = await gateway.JsonAsync(Text, body);
        var events = await gateway.EventsAsync(Text, body[..^1] + ",\"stream\":true}");

        whole.At("choices.0.text").GetString().ShouldBe(expected);
        whole.At("choices.0.finish_reason").GetString().ShouldBe(finish);
        string.Concat(events[..^1].Select(chunk => Json.Parse(chunk).At("choices.0.text").GetString())).ShouldBe(expected);
    }

    [Theory]
    [InlineData("", "ok")]
    [InlineData(",\"skip_special_tokens\":false", "ok")]
    [InlineData(",\"include_stop_str_in_output\":true", "ok")]
    [InlineData(",\"skip_special_tokens\":false,\"include_stop_str_in_output\":true", "ok<|eot|>")]
    public async Task StopToken_IsShownWhereBothAreAskedFor(string more, string expected)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("ok"));

        (await gateway.JsonAsync(Text, $$"""{"model":"scout-nano","prompt":"x"{{more}}}""")).At("choices.0.text").GetString().ShouldBe(expected);
    }

    [Fact]
    public async Task SkipSpecialTokens_WhenFalse_ShowsNames()
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Token(ScoutNano.Tokenizer.Specials["<|python_start|>"]);
            generation.Text("x");
            generation.Token(ScoutNano.Eot, FinishReason.Stop);
        }));

        var answer = await gateway.JsonAsync(Chat, Dialog(",\"skip_special_tokens\":false"));

        answer.At("choices.0.message.content").GetString().ShouldBe("<|python_start|>x");
    }

    [Theory]
    [InlineData("\"The capital\"", "The capital is Rome")]
    [InlineData("[\"The capital\",\"A\"]", "The capital is Rome", "A is Rome")]
    [InlineData("\"a<|eot|>b\"", "a<|eot|>b is Rome")]
    public async Task Echo_BeginsTheAnswerWithItsPrompt(string prompt, params string[] expected)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying(" is Rome"));
        var body = $$"""{"model":"scout-nano","prompt":{{prompt}},"echo":true,"n":2}""";

        var whole = await gateway.JsonAsync(Text, body);
        var events = (await gateway.EventsAsync(Text, body[..^1] + ",\"stream\":true}"))[..^1].ConvertAll(Json.Parse);

        for (var i = 0; i < 2 * expected.Length; i++)
        {
            whole.At($"choices.{i}.text").GetString().ShouldBe(expected[i / 2]);
            string.Concat(events.Where(chunk => chunk.At("choices.0.index").GetInt32() == i).Select(chunk => chunk.At("choices.0.text").GetString()))
                .ShouldBe(expected[i / 2]);
        }

        whole.At("usage.completion_tokens").GetInt32().ShouldBe(2 * expected.Length * (ScoutNano.Tokenizer.Encode(" is Rome").Length + 1));
    }

    [Theory]
    [InlineData("", " is Rome.")]
    [InlineData(",\"echo\":true", "The capital is Rome.")]
    public async Task FinalMessage_IsGoneOnWith(string more, string expected)
    {
        var cluster = ScriptedClient.Saying(" is Rome.");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(
            Chat,
            $$"""{"model":"scout-nano","messages":[{"role":"user","content":"?"},{"role":"assistant","content":"The capital"}],"continue_final_message":true{{more}}}""");

        answer.At("choices.0.message.content").GetString().ShouldBe(expected);
        ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt).ShouldEndWith("assistant<|header_end|>\n\nThe capital");
    }

    [Fact]
    public async Task GenerationPrompt_WhenItIsNotToBeAdded_IsNotThere()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Chat, Dialog(",\"add_generation_prompt\":false"));

        ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt).ShouldEndWith("Hello<|eot|>");
    }

    [Theory]
    [InlineData("3", 3)]
    [InlineData("1000", 6)]
    [InlineData("-1", 6)]
    public async Task Prompt_WhenItIsTruncated_KeepsItsEnd(string kept, int expected)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Text, $$"""{"model":"scout-nano","prompt":[1,2,3,4,5,6],"truncate_prompt_tokens":{{kept}}}""");

        (await cluster.NextAsync()).Request.Prompt.ShouldBe([.. Enumerable.Range(7 - expected, expected)]);
    }

    [Fact]
    public async Task Prompt_WhenItsEndIsCutOff_KeepsItsBeginning()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Text, """{"prompt":[1,2,3,4,5,6],"truncate_prompt_tokens":2,"truncation_side":"right"}""");
        await gateway.JsonAsync(Text, """{"prompt":[1,2,3,4,5,6],"truncate_prompt_tokens":2,"truncation_side":"left"}""");

        (await cluster.NextAsync()).Request.Prompt.ShouldBe([1, 2]);
        (await cluster.NextAsync()).Request.Prompt.ShouldBe([5, 6]);
    }

    [Fact]
    public async Task Prompt_WhenItIsTruncatedToTheContext_LeavesRoomForTheAnswer()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);
        var ids = string.Join(",", Enumerable.Repeat("5", 5000));

        await gateway.JsonAsync(Text, $$"""{"model":"scout-nano","prompt":[{{ids}}],"truncate_prompt_tokens":-1,"max_tokens":10}""");

        (await cluster.NextAsync()).Request.Prompt.Length.ShouldBe(4096 - 10);
    }

    [Theory]
    [InlineData(Chat, "choices.0.logprobs.content.0.token")]
    [InlineData(Text, "choices.0.logprobs.tokens.0")]
    public async Task LogprobTokens_WhenIdsAreAskedFor_AreNamedByThem(string path, string where)
    {
        var id = ScoutNano.Tokenizer.Encode("a")[0];
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation => generation.Token(id, FinishReason.Length, logprob: -1)));
        var asked = path == Chat ? Dialog(",\"logprobs\":true") : """{"model":"scout-nano","prompt":"x","logprobs":1}""";

        (await gateway.JsonAsync(path, asked)).At(where).GetString().ShouldBe("a");
        (await gateway.JsonAsync(path, asked[..^1] + ",\"return_tokens_as_token_ids\":true}")).At(where).GetString().ShouldBe($"token_id:{id}");
    }

    [Fact]
    public async Task Usage_WhenItIsToldContinuously_CountsInEveryChunk()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("The capital"));
        var tokens = ScoutNano.Tokenizer.Encode("The capital").Length + 1;

        var events = (await gateway.EventsAsync(Chat, Dialog(",\"stream\":true,\"stream_options\":{\"include_usage\":true,\"continuous_usage_stats\":true}")))[..^1]
            .ConvertAll(Json.Parse);

        events.Select(chunk => chunk.At("usage.completion_tokens").GetInt32()).ShouldBe([.. Enumerable.Range(0, tokens + 1), tokens]);
        events.ShouldAllBe(chunk => chunk.At("usage.prompt_tokens").GetInt32() == events[0].At("usage.prompt_tokens").GetInt32());
        events[^1].At("choices").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task LogitBias_IsTakenInLlamaServersForms()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);
        var id = ScoutNano.Tokenizer.Encode("a").Single();

        await gateway.JsonAsync(Chat, Dialog(",\"logit_bias\":[[7,1.5],[\"a\",false]]"));

        (await cluster.NextAsync()).Request.Sampling.LogitBias.ShouldBe(
            new Dictionary<int, double> { [7] = 1.5, [id] = double.NegativeInfinity }, ignoreOrder: true);
        await gateway.JsonAsync(Chat, Dialog(",\"logit_bias\":{\"7\":false}"));
        (await cluster.NextAsync()).Request.Sampling.LogitBias.ShouldBe(new Dictionary<int, double> { [7] = double.NegativeInfinity });
        await gateway.JsonAsync(Chat, Dialog(",\"logit_bias\":{\"The capital\":-100,\"7\":2,\"-\":3}"));
        var expected = ScoutNano.Tokenizer.Encode("The capital").ToDictionary(one => one, _ => -100.0);
        expected.Count.ShouldBeGreaterThan(1);
        (expected[7], expected[ScoutNano.Tokenizer.Encode("-").Single()]) = (2, 3);
        (await cluster.NextAsync()).Request.Sampling.LogitBias.ShouldBe(expected, ignoreOrder: true);
    }

    [Theory]
    [InlineData(Chat)]
    [InlineData(Text)]
    public async Task Model_WhenItIsLeftOut_IsTheOneThatIsServed(string path)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));

        var answer = await gateway.JsonAsync(path, path == Chat ? """{"messages":[{"role":"user","content":"x"}]}""" : """{"prompt":"x"}""");

        answer.At("model").GetString().ShouldBe("scout-nano");
    }

    [Theory]
    [InlineData("2.5", 2.5)]
    [InlineData("1e308", 1e308)]
    public async Task Temperature_HasNoUpperBound(string given, double expected)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Chat, Dialog($",\"temperature\":{given}"));

        (await cluster.NextAsync()).Request.Sampling.Temperature.ShouldBe(expected);
    }

    [Fact]
    public async Task Probs_OfLlamaServer_AreLogprobs()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        foreach (var (path, body) in new[] { (Chat, Dialog(",\"n_probs\":3")), (Text, """{"prompt":"x","n_probs":3}"""), (Text, """{"prompt":"x","n_probs":3,"logprobs":2}"""), (Chat, Dialog(",\"n_probs\":0")) })
        {
            await gateway.JsonAsync(path, body);
        }

        for (var i = 0; i < 4; i++)
        {
            (await cluster.NextAsync()).Request.TopLogprobs.ShouldBe(i switch { 2 => 2, 3 => null, _ => 3 });
        }
    }

    [Fact]
    public async Task PromptText_WhenItIsAskedFor_ComesOnce()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));
        const string Prompt = "<|begin_of_text|><|header_start|>user<|header_end|>\n\nHi<|eot|><|header_start|>assistant<|header_end|>\n\n";
        const string Dialog = """{"messages":[{"role":"user","content":"Hi"}],"return_prompt_text":true,"n":2""";

        var whole = await gateway.JsonAsync(Chat, Dialog + "}");
        var events = (await gateway.EventsAsync(Chat, Dialog + ",\"stream\":true}"))[..^1].ConvertAll(Json.Parse);

        whole.At("prompt_text").GetString().ShouldBe(Prompt);
        events[0].At("prompt_text").GetString().ShouldBe(Prompt);
        events[1..].Exists(one => one.TryGetProperty("prompt_text", out _)).ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"n_predict\":3", 3)]
    [InlineData("\"n_predict\":3,\"max_tokens\":2", 2)]
    [InlineData("\"n_predict\":-1", null)]
    [InlineData("\"max_tokens\":-1", null)]
    [InlineData("\"max_completion_tokens\":-1,\"max_tokens\":2", null)]
    public async Task Length_IsTakenAsLlamaServerHasIt(string field, int? expected)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Chat, Dialog("," + field));

        var request = (await cluster.NextAsync()).Request;
        request.TokensMax.ShouldBe(expected ?? 4096 - request.Prompt.Length);
        await gateway.JsonAsync(Text, $$"""{"prompt":"x",{{field}}}""");
        request = (await cluster.NextAsync()).Request;
        request.TokensMax.ShouldBe(expected ?? 4096 - request.Prompt.Length);
    }

    [Theory]
    [InlineData("/version", "version")]
    [InlineData("/props", "default_generation_settings.n_ctx")]
    [InlineData("/health", "status")]
    [InlineData("/ping", "status")]
    [InlineData("/v1/models", "data.0.meta.n_vocab")]
    public async Task Path_WhenAClientAsks_Tells(string path, string member)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));
        await gateway.ReadyAsync();

        Json.Parse(await gateway.Http.GetStringAsync(path)).At(member).ValueKind.ShouldNotBe(JsonValueKind.Null);
    }

    private static string Dialog(string more) => $$"""{"model":"scout-nano","messages":[{"role":"user","content":"Hello"}]{{more}}}""";
}
