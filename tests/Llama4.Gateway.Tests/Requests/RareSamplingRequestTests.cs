using System.Net;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using static Llama4.Gateway.Tests.Requests.AskedFields;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>llama-server's samplers: what the cluster is asked, and what is refused.</summary>
public class RareSamplingRequestTests
{
    public static TheoryData<string, string, string> Bad => new()
    {
        { "\"typical_p\":0", "typical_p", "(0, 1]" },
        { "\"typical_p\":1.5", "typical_p", "(0, 1]" },
        { "\"top_n_sigma\":-2", "top_n_sigma", "[-1, 100]" },
        { "\"xtc_probability\":2", "xtc_probability", "[0, 1]" },
        { "\"xtc_threshold\":-0.1", "xtc_threshold", "[0, 1]" },
        { "\"dynatemp_range\":3", "dynatemp_range", "[0, 2]" },
        { "\"dynatemp_exponent\":-1", "dynatemp_exponent", "[0, 100]" },
        { "\"min_keep\":-1", "min_keep", "at least 0" },
        { "\"repeat_last_n\":-2", "repeat_last_n", "at least -1" },
        { "\"repeat_last_n\":1.5", "repeat_last_n", "an integer" },
        { "\"dry_multiplier\":-1", "dry_multiplier", "[0, 100]" },
        { "\"dry_base\":0.5", "dry_base", "[1, 100]" },
        { "\"dry_allowed_length\":0", "dry_allowed_length", "at least 1" },
        { "\"dry_penalty_last_n\":-2", "dry_penalty_last_n", "at least -1" },
        { "\"dry_sequence_breakers\":\"x\"", "dry_sequence_breakers", "an array of strings" },
        { "\"dry_sequence_breakers\":[5]", "dry_sequence_breakers", "a string" },
        { "\"dry_sequence_breakers\":[\"x\",\"\"]", "dry_sequence_breakers", "1 to 40" },
        { $"\"dry_sequence_breakers\":[\"{new string('x', 41)}\"]", "dry_sequence_breakers", "1 to 40" },
        { $"\"dry_sequence_breakers\":[{string.Join(',', Enumerable.Repeat("\"x\"", 33))}]", "dry_sequence_breakers", "32" },
        { "\"mirostat\":2", "mirostat", "state" },
        { "\"adaptive_target\":0.4", "adaptive_target", "state" },
        { "\"samplers\":[\"top_k\"]", "samplers", "order" },
    };

    [Theory]
    [MemberData(nameof(Bad))]
    public Task Field_ThatIsWrong_IsRefusedByName(string field, string param, string says) => AreRefusedAsync(field, param, says);

    [Fact]
    public async Task Fields_GoToTheCluster()
    {
        var sampling = await AskAsync(
            """
            ,"typical_p":0.9,"top_n_sigma":1.5,"xtc_probability":0.5,"xtc_threshold":0.2,"dynatemp_range":0.3,"dynatemp_exponent":2,"min_keep":3,"repeat_last_n":64,
            "dry_multiplier":0.8,"dry_base":2,"dry_allowed_length":3,"dry_penalty_last_n":-1,"dry_sequence_breakers":[]
            """);

        sampling.Rare.ShouldBe(new RareSampling
        {
            TypicalP = 0.9, TopNSigma = 1.5, XtcProbability = 0.5, XtcThreshold = 0.2, TemperatureRange = 0.3, TemperatureExponent = 2, MinKeep = 3, PenaltyTokens = 64, Dry = sampling.Rare!.Dry,
        });
        (sampling.Rare.Dry! with { Breakers = [], BreakerSequences = [] }).ToString()
            .ShouldBe(new DrySettings { Multiplier = 0.8, Base = 2, AllowedLength = 3, Tokens = int.MaxValue }.ToString());
        sampling.Rare.Dry.Breakers.ShouldBeEmpty();
        sampling.Rare.Dry.BreakerSequences.ShouldBeEmpty();
    }

    /// <summary>What clients of llama-server send where every sampler is off.</summary>
    [Fact]
    public async Task Fields_ThatAskForNothing_AreNothing()
    {
        const string Neutral =
            """
            ,"typical_p":1,"top_n_sigma":-1,"xtc_probability":0,"xtc_threshold":0.1,"dynatemp_range":0,"dynatemp_exponent":1,"min_keep":0,"repeat_last_n":-1,
            "dry_multiplier":0,"dry_base":1.75,"dry_allowed_length":2,"dry_penalty_last_n":64,"dry_sequence_breakers":["\n",":"],"mirostat":0,"mirostat_tau":5,"adaptive_target":-1,"samplers":[]
            """;

        (await AskAsync(Neutral)).Rare.ShouldBeNull();
        (await AskAsync(",\"dry_multiplier\":1,\"dry_penalty_last_n\":0")).Rare.ShouldBeNull();
    }

    [Fact]
    public async Task Breakers_AreTheTokensThatTheyAreInAndTheirOwnSequences()
    {
        var tokenizer = ScoutNano.Tokenizer;
        int[] In(params string[] texts) => [.. Enumerable.Range(0, tokenizer.VocabularySize).Where(id => texts.Any(text => tokenizer.BytesOf(id).IndexOf(System.Text.Encoding.UTF8.GetBytes(text)) >= 0))];

        var own = (await AskAsync(",\"dry_multiplier\":1")).Rare!.Dry!;
        own.Breakers.ShouldBe(In("\n", ":", "\"", "*"));
        own.BreakerSequences.ShouldBeEmpty();
        (await AskAsync(""","dry_multiplier":1,"dry_sequence_breakers":["\n",":","\"","*"]""")).Rare!.Dry!.Breakers.ShouldBe(own.Breakers);

        var asked = (await AskAsync(""","dry_multiplier":1,"dry_sequence_breakers":["!","Zebra crossing","<|eot|>"]""")).Rare!.Dry!;
        asked.Breakers.ShouldBe(In("!", "<|eot|>"));
        asked.Breakers.ShouldContain(ScoutNano.Eot);
        asked.BreakerSequences.ShouldContain(sequence => sequence.SequenceEqual(tokenizer.Encode("Zebra crossing")));
        asked.BreakerSequences.ShouldContain(sequence => sequence.SequenceEqual(tokenizer.Encode(" Zebra crossing")));
    }

    [Fact]
    public async Task Breakers_ThatAreInTooManyTokens_AreRefused()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("x"), options => options with { Limits = options.Limits with { DryBreakerIdsMax = 100 } });

        var answer = await gateway.JsonAsync(Text, Prompt(""","dry_multiplier":1,"dry_sequence_breakers":["e"]"""), HttpStatusCode.BadRequest);

        answer.At("error.param").GetString().ShouldBe("dry_sequence_breakers");
        answer.At("error.message").GetString()!.ShouldContain("100 tokens");
    }

    private static async Task<SamplingSettings> AskAsync(string fields)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);
        await gateway.JsonAsync(Text, Prompt(fields));
        var settings = (await cluster.NextAsync()).Request.Sampling;
        await gateway.JsonAsync(Chat, Dialog(fields));
        JsonSerializer.Serialize((await cluster.NextAsync()).Request.Sampling).ShouldBe(JsonSerializer.Serialize(settings));
        return settings;
    }
}
