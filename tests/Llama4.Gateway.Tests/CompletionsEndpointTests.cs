using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests;

public class CompletionsEndpointTests
{
    private const string Path = "/v1/completions";

    [Fact]
    public async Task Completion_WhenThePromptIsText_PutsBosInFrontAndAnswers16TokensAtMost()
    {
        var cluster = ScriptedClient.Saying(" Paris");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(Path, """{"model":"scout-nano","prompt":"The capital"}""");

        answer.At("object").GetString().ShouldBe("text_completion");
        answer.At("id").GetString()!.ShouldStartWith("cmpl-");
        answer.At("choices.0.text").GetString().ShouldBe(" Paris");
        answer.At("choices.0.finish_reason").GetString().ShouldBe("stop");
        var request = (await cluster.NextAsync()).Request;
        request.Prompt.ShouldBe([ScoutNano.Tokenizer.BosId!.Value, .. ScoutNano.Tokenizer.Encode("The capital")]);
        request.TokensMax.ShouldBe(16);
    }

    [Theory]
    [InlineData("\"<|begin_of_text|>a<|eot|>\"")]
    [InlineData("\"a<|eot|>\"")]
    [InlineData("[\"a<|eot|>\"]")]
    public async Task Completion_WhenThePromptNamesSpecials_MakesThemIdsAndBosOnce(string prompt)
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","prompt":{{prompt}}}""");

        (await cluster.NextAsync()).Request.Prompt.ShouldBe([ScoutNano.Tokenizer.BosId!.Value, .. ScoutNano.Tokenizer.Encode("a"), ScoutNano.Eot]);
    }

    [Theory]
    [InlineData("[5,6]")]
    [InlineData("[[5,6]]")]
    public async Task Completion_WhenThePromptIsIds_TakesThemAsGiven(string prompt)
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","prompt":{{prompt}}}""");

        (await cluster.NextAsync()).Request.Prompt.ShouldBe([5, 6]);
    }

    [Fact]
    public async Task Completion_WhenThereAreSeveralPromptsAndChoices_NumbersThemPromptByPromptAndCountsEachPromptOnce()
    {
        var cluster = new ScriptedClient(generation =>
        {
            generation.Text($"{generation.Request.Prompt.Length}/{generation.Request.Choice}");
            generation.End(FinishReason.Length);
        });
        await using var gateway = await TestGateway.StartAsync(cluster);

        var answer = await gateway.JsonAsync(Path, """{"model":"scout-nano","prompt":[[5],[6,7]],"n":2}""");

        answer.At("choices").EnumerateArray().Select(choice => $"{choice.At("index")}: {choice.At("text")}")
            .ShouldBe(["0: 1/0", "1: 1/1", "2: 2/0", "3: 2/1"]);
        answer.At("usage.prompt_tokens").GetInt32().ShouldBe(3);
    }

    [Fact]
    public async Task Completion_WhenStreamed_GivesTextChunksAndAFinish()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("one two"));

        var events = await gateway.EventsAsync(Path, """{"model":"scout-nano","prompt":"a","stream":true}""");

        events[^1].ShouldBe("[DONE]");
        var chunks = events[..^1].ConvertAll(Json.Parse);
        string.Concat(chunks.Select(chunk => chunk.At("choices.0.text").GetString())).ShouldBe("one two");
        chunks.ShouldAllBe(chunk => chunk.At("object").GetString() == "text_completion");
        chunks[^1].At("choices.0.finish_reason").GetString().ShouldBe("stop");
    }

    [Fact]
    public async Task Completion_WhenTheDefaultLengthPassesTheContext_TakesWhatIsLeft()
    {
        var cluster = ScriptedClient.Saying("ok");
        await using var gateway = await TestGateway.StartAsync(cluster);
        var ids = string.Join(",", Enumerable.Repeat("5", 4090));

        await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","prompt":[{{ids}}]}""");

        (await cluster.NextAsync()).Request.TokensMax.ShouldBe(6);
    }
}
