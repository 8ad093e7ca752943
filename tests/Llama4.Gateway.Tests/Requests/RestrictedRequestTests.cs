using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using static Llama4.Gateway.Tests.Requests.AskedFields;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>min_tokens, allowed_token_ids, bad_words, cache_salt and return_token_ids: what the cluster is asked, what is refused, what answers carry.</summary>
public class RestrictedRequestTests
{
    public static TheoryData<string, string, string> Bad => new()
    {
        { "\"min_tokens\":-1", "min_tokens", "at least 0" },
        { "\"min_tokens\":4,\"max_tokens\":3", "min_tokens", "at most the 3 tokens" },
        { "\"min_tokens\":5000", "min_tokens", "at most" },
        { "\"allowed_token_ids\":[]", "allowed_token_ids", "at least one" },
        { "\"allowed_token_ids\":[2048]", "allowed_token_ids", "from 0 to 2047" },
        { "\"allowed_token_ids\":{\"5\":1}", "allowed_token_ids", "an array of token ids" },
        { $"\"allowed_token_ids\":[{string.Join(',', Enumerable.Repeat(5, 1025))}]", "allowed_token_ids", "1024" },
        { "\"bad_words\":\"x\"", "bad_words", "an array of strings" },
        { "\"bad_words\":[5]", "bad_words", "a string" },
        { "\"bad_words\":[\"\"]", "bad_words", "1 to 64" },
        { "\"bad_words\":[\"x\",\"  \"]", "bad_words", "1 to 64" },
        { $"\"bad_words\":[\"{new string('x', 65)}\"]", "bad_words", "1 to 64" },
        { $"\"bad_words\":[{string.Join(',', Enumerable.Repeat("\"x\"", 129))}]", "bad_words", "128" },
        { "\"cache_salt\":\"\"", "cache_salt", "1 to 1024" },
        { $"\"cache_salt\":\"{new string('x', 1025)}\"", "cache_salt", "1 to 1024" },
        { "\"cache_salt\":7", "cache_salt", "a string" },
        { "\"return_token_ids\":\"yes\"", "return_token_ids", "true or false" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public Task Field_ThatIsWrong_IsRefusedByName(string field, string param, string says) => AreRefusedAsync(field, param, says);

    [Fact]
    public async Task Fields_GoToTheCluster()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);
        const string Fields = ",\"min_tokens\":3,\"allowed_token_ids\":[5,7,5],\"bad_words\":[\" London\"],\"cache_salt\":\"s\",\"n\":2";
        foreach (var (path, body) in new[] { (Chat, Dialog(Fields)), (Text, Prompt(Fields)) })
        {
            await gateway.JsonAsync(path, body);

            for (var n = 0; n < 2; n++)
            {
                var request = (await cluster.NextAsync()).Request;
                (request.TokensMin, request.CacheSalt).ShouldBe((3, "s"));
                request.Sampling.AllowedIds.ShouldBe([5, 7]);
                request.Sampling.BadSequences.ShouldBe([ScoutNano.Tokenizer.Encode("London"), ScoutNano.Tokenizer.Encode(" London")]);
            }
        }
    }

    [Fact]
    public async Task Fields_ThatAskForNothing_AreNothing()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Chat, Dialog(",\"min_tokens\":0,\"allowed_token_ids\":null,\"bad_words\":[],\"cache_salt\":null,\"return_token_ids\":false"));
        await gateway.JsonAsync(Chat, Dialog(""));

        var (asked, plain) = ((await cluster.NextAsync()).Request, (await cluster.NextAsync()).Request);
        JsonSerializer.Serialize(asked with { Id = plain.Id, Seed = plain.Seed }).ShouldBe(JsonSerializer.Serialize(plain));
        asked.Sampling.IsRestricted.ShouldBeFalse();
    }

    [Fact]
    public async Task CacheSalt_OfAResponse_GoesToTheCluster()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync("/v1/responses", """{"model":"scout-nano","input":"x","cache_salt":"s"}""");

        (await cluster.NextAsync()).Request.CacheSalt.ShouldBe("s");
    }

    /// <summary>The model says one, two, one, two; "two" stops from the fourth token on, or where it is only begun before.</summary>
    [Theory]
    [InlineData(0, "one")]
    [InlineData(1, "one")]
    [InlineData(2, "one two one")]
    [InlineData(3, "one two one")]
    [InlineData(4, "one two one two!")]
    public async Task StopString_ThatEndsBeforeTheLeastTokens_DoesNotStop(int least, string expected)
    {
        string[] said = ["one", " two", " one", " two", "!"];
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            foreach (var word in said)
            {
                generation.Token(ScoutNano.Tokenizer.Encode(word).ShouldHaveSingleItem());
            }

            generation.Token(ScoutNano.Eot, FinishReason.Stop);
        }));
        var body = Prompt($",\"stop\":\" two\",\"min_tokens\":{least}");

        (await gateway.JsonAsync(Text, body)).At("choices.0.text").GetString().ShouldBe(expected);
        var events = await gateway.EventsAsync(Text, body[..^1] + ",\"stream\":true}");
        string.Concat(events[..^1].Select(chunk => Json.Parse(chunk).At("choices.0.text").GetString())).ShouldBe(expected);
    }

    /// <summary>Chat's prompt is one, text's one of each choice; ids that end an answer are among its ids, and in a stream none is lost and none told twice.</summary>
    [Theory]
    [InlineData(Chat, "")]
    [InlineData(Chat, ",\"n\":2")]
    [InlineData(Chat, ",\"stop\":\"tal\"")]
    [InlineData(Chat, ",\"logprobs\":true")]
    [InlineData(Text, ",\"n\":2")]
    [InlineData(Text, ",\"stop\":\"tal\",\"logprobs\":1")]
    public async Task TokenIds_WhenTheyAreAskedFor_AreThoseOfPromptAndAnswer(string path, string more)
    {
        var cluster = ScriptedClient.Saying("The capital");
        await using var gateway = await TestGateway.StartAsync(cluster);
        var body = (path == Chat ? Dialog(more) : Prompt(more))[..^1] + ",\"return_token_ids\":true";

        var whole = await gateway.JsonAsync(path, body + "}");
        var prompt = (await cluster.NextAsync()).Request.Prompt;
        var events = (await gateway.EventsAsync(path, body + ",\"stream\":true}"))[..^1].ConvertAll(Json.Parse);

        int[] said = [.. ScoutNano.Tokenizer.Encode("The capital"), ScoutNano.Eot];
        foreach (var choice in whole.At("choices").EnumerateArray())
        {
            var index = choice.At("index").GetInt32();
            var ids = Ids(choice.At("token_ids"));
            ids.ShouldBe(more.Contains("stop", StringComparison.Ordinal) ? said[..ids.Length] : said);
            Ids(path == Chat ? whole.At("prompt_token_ids") : choice.At("prompt_token_ids")).ShouldBe(prompt);
            var own = events.Where(one => one.At("choices.0.index").GetInt32() == index).ToList();
            own.SelectMany(one => one.At("choices.0").TryGetProperty("token_ids", out var some) ? Ids(some) : []).ShouldBe(ids);
            var first = path == Chat ? own[0] : own[0].At("choices.0");
            Ids(first.At("prompt_token_ids")).ShouldBe(prompt);
            own.Skip(1).ShouldAllBe(one => !one.ToString().Contains("prompt_token_ids", StringComparison.Ordinal));
        }
    }

    [Fact]
    public async Task TokenIds_OfACall_ComeInTheStreamToo()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("[f()]"));
        var body = Dialog(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"return_token_ids\":true,\"stream\":true");

        var events = (await gateway.EventsAsync(Chat, body))[..^1].ConvertAll(Json.Parse);

        events.SelectMany(one => one.At("choices.0").TryGetProperty("token_ids", out var some) ? Ids(some) : [])
            .ShouldBe([.. ScoutNano.Tokenizer.Encode("[f()]"), ScoutNano.Eot]);
        events[^1].At("choices.0.finish_reason").GetString().ShouldBe("tool_calls");
    }

    [Fact]
    public async Task TokenIds_WhenTheyAreNotAskedFor_AreNotThere()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"));

        (await gateway.JsonAsync(Chat, Dialog(""))).ToString().ShouldNotContain("token_ids");
        (await gateway.EventsAsync(Text, Prompt(",\"stream\":true"))).ShouldAllBe(one => !one.Contains("token_ids", StringComparison.Ordinal));
    }

    private static int[] Ids(JsonElement ids) => [.. ids.EnumerateArray().Select(id => id.GetInt32())];
}
