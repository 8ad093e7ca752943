using System.ClientModel;
using System.ClientModel.Primitives;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Models;

namespace Llama4.Gateway.Tests;

/// <summary>The official OpenAI client for .NET against the gateway.</summary>
public class OpenAiClientTests
{
    [Fact]
    public async Task ChatClient_WhenItAsks_GetsTextFinishAndUsage()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("Paris."));

        ChatCompletion answer = await Chat(gateway).CompleteChatAsync("What is the capital of France?");

        answer.Content[0].Text.ShouldBe("Paris.");
        answer.Role.ShouldBe(ChatMessageRole.Assistant);
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answer.Usage.OutputTokenCount.ShouldBe(ScoutNano.Tokenizer.Encode("Paris.").Length + 1);
        answer.Usage.InputTokenDetails.CachedTokenCount.ShouldBe(0);
        answer.Model.ShouldBe("scout-nano");
        answer.CreatedAt.ShouldBeGreaterThan(DateTimeOffset.UnixEpoch);
    }

    [Fact]
    public async Task ChatClient_WhenItStreams_GetsTheTextInPiecesAndTheUsageLast()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("The capital is Paris."));

        var updates = await Chat(gateway).CompleteChatStreamingAsync("What?").ToListAsync();

        string.Concat(updates.SelectMany(update => update.ContentUpdate).Select(part => part.Text)).ShouldBe("The capital is Paris.");
        updates.Count(update => update.ContentUpdate.Count > 0 && update.ContentUpdate[0].Text.Length > 0)
            .ShouldBe(ScoutNano.Tokenizer.Encode("The capital is Paris.").Length, "each token is an event of its own");
        updates.Select(update => update.FinishReason).OfType<ChatFinishReason>().ShouldBe([ChatFinishReason.Stop]);
        updates[^1].Usage.OutputTokenCount.ShouldBe(ScoutNano.Tokenizer.Encode("The capital is Paris.").Length + 1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ChatClient_WhenTheModelCallsTools_GetsCallsAndSendsResultsBack(bool stream)
    {
        var turn = 0;
        var cluster = new ScriptedClient(generation =>
        {
            generation.Text(turn++ == 0 ? "[get_weather(city=\"Köln\"), get_weather(city='Rome')]" : "It is warmer in Rome.");
            generation.Token(ScoutNano.Eot, FinishReason.Stop);
        });
        await using var gateway = await TestGateway.StartAsync(cluster);
        var chat = Chat(gateway);
        var options = new ChatCompletionOptions { ToolChoice = ChatToolChoice.CreateAutoChoice() };
        options.Tools.Add(ChatTool.CreateFunctionTool("get_weather", "Weather of a city", BinaryData.FromString("""{"type":"object","properties":{"city":{"type":"string"}}}""")));
        List<ChatMessage> dialog = [new UserChatMessage("Where is it warmer?")];

        var calls = stream ? await StreamedCallsAsync(chat, dialog, options) : await CallsAsync(chat, dialog, options);

        calls.Select(call => call.FunctionName).ShouldBe(["get_weather", "get_weather"]);
        calls.Select(call => call.FunctionArguments.ToString()).ShouldBe(["{\"city\": \"Köln\"}", "{\"city\": \"Rome\"}"]);
        dialog.Add(new AssistantChatMessage(calls));
        dialog.AddRange(calls.Select(call => new ToolChatMessage(call.Id, "{\"temp\": 21}")));
        ChatCompletion answer = await chat.CompleteChatAsync(dialog, options);
        answer.Content[0].Text.ShouldBe("It is warmer in Rome.");
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        await cluster.NextAsync();
        ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt).ShouldContain(
            "[get_weather(city=\"Köln\"), get_weather(city=\"Rome\")]<|eot|><|header_start|>ipython<|header_end|>\n\n{\"temp\": 21}<|eot|>");
    }

    private static async Task<IReadOnlyList<ChatToolCall>> CallsAsync(ChatClient chat, List<ChatMessage> dialog, ChatCompletionOptions options)
    {
        ChatCompletion answer = await chat.CompleteChatAsync(dialog, options);
        answer.FinishReason.ShouldBe(ChatFinishReason.ToolCalls);
        answer.Content.ShouldBeEmpty();
        return answer.ToolCalls;
    }

    private static async Task<IReadOnlyList<ChatToolCall>> StreamedCallsAsync(ChatClient chat, List<ChatMessage> dialog, ChatCompletionOptions options)
    {
        var updates = await chat.CompleteChatStreamingAsync(dialog, options).ToListAsync();
        updates.Select(update => update.FinishReason).OfType<ChatFinishReason>().ShouldBe([ChatFinishReason.ToolCalls]);
        return [.. updates.SelectMany(update => update.ToolCallUpdates).GroupBy(update => update.Index).Select(call => ChatToolCall.CreateFunctionToolCall(
            call.First().ToolCallId,
            call.First().FunctionName,
            BinaryData.FromString(string.Concat(call.Select(update => update.FunctionArgumentsUpdate.ToString())))))];
    }

    [Fact]
    public async Task ChatClient_WhenItAsksForLogprobs_GetsThem()
    {
        var ids = ScoutNano.Tokenizer.Encode("ab");
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Token(ids[0], FinishReason.Length, logprob: -0.5, top: [new(ids[0], -0.5), new(5, -2)]);
        }));

        ChatCompletion answer = await Chat(gateway).CompleteChatAsync(
            [new UserChatMessage("x")], new ChatCompletionOptions { IncludeLogProbabilities = true, TopLogProbabilityCount = 2, MaxOutputTokenCount = 1 });

        answer.FinishReason.ShouldBe(ChatFinishReason.Length);
        var token = answer.ContentTokenLogProbabilities.Single();
        token.LogProbability.ShouldBe(-0.5f);
        token.Utf8Bytes!.Value.ToArray().ShouldBe(ScoutNano.Tokenizer.BytesOf(ids[0]).ToArray());
        token.TopLogProbabilities.Count.ShouldBe(2);
    }

    [Fact]
    public async Task ChatClient_WhenItStreamsLogprobs_GetsThemWithTheirTokens()
    {
        var ids = ScoutNano.Tokenizer.Encode("ab");
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Token(ids[0], logprob: -0.5, top: [new(ids[0], -0.5)]);
            generation.Token(ids[0], FinishReason.Length, logprob: -0.25, top: [new(ids[0], -0.25)]);
        }));

        var updates = await Chat(gateway).CompleteChatStreamingAsync(
            [new UserChatMessage("x")], new ChatCompletionOptions { IncludeLogProbabilities = true, TopLogProbabilityCount = 1 }).ToListAsync();

        updates.SelectMany(update => update.ContentTokenLogProbabilities).Select(token => token.LogProbability).ShouldBe([-0.5f, -0.25f]);
    }

    /// <summary>The client has no types for text completions any more; its pipeline (keys, retries, errors) carries them still.</summary>
    [Fact]
    public async Task Pipeline_WhenItAsksForACompletion_GetsOne()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying(" Paris"));
        var client = new OpenAIClient(new ApiKeyCredential("test-key"), Options(gateway, retries: 0));
        using var message = client.Pipeline.CreateMessage();
        message.Request.Method = "POST";
        message.Request.Uri = new Uri(gateway.Http.BaseAddress!, "v1/completions");
        message.Request.Headers.Set("Content-Type", "application/json");
        message.Request.Content = BinaryContent.Create(BinaryData.FromString("""{"model":"scout-nano","prompt":"The capital of France is"}"""));

        await client.Pipeline.SendAsync(message);

        message.Response!.Status.ShouldBe(200);
        Json.Parse(message.Response.Content.ToString()).At("choices.0.text").GetString().ShouldBe(" Paris");
    }

    [Fact]
    public async Task ChatClient_WhenTheAnswerCannotFit_GetsTheCodeForIt()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await Should.ThrowAsync<ClientResultException>(
            () => Chat(gateway).CompleteChatAsync([new UserChatMessage("x")], new ChatCompletionOptions { MaxOutputTokenCount = 5000 }));

        error.Status.ShouldBe(400);
        error.Message.ShouldContain("context_length_exceeded");
    }

    [Fact]
    public async Task ChatClient_WhenTheModelIsUnknown_GetsOpenAIsError()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await Should.ThrowAsync<ClientResultException>(() => Chat(gateway, "gpt-4").CompleteChatAsync("x"));

        error.Status.ShouldBe(404);
        error.Message.ShouldContain("model_not_found");
    }

    [Fact]
    public async Task ChatClient_WhenTheQueueIsFullOnce_TriesAgainByItself()
    {
        var cluster = ScriptedClient.Saying("ok");
        var asked = 0;
        cluster.Admit = _ => asked++ == 0 ? new SubmitResult(SubmitStatus.QueueFull, "Full.", RetryAfterSeconds: 1) : SubmitResult.Accepted;
        await using var gateway = await TestGateway.StartAsync(cluster);

        ChatCompletion answer = await Chat(gateway, retries: 1).CompleteChatAsync("x");

        answer.Content[0].Text.ShouldBe("ok");
        asked.ShouldBe(2);
    }

    [Fact]
    public async Task ModelClient_ListsTheModel()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        OpenAIModelCollection models = await new OpenAIModelClient(new ApiKeyCredential("k"), Options(gateway, 0)).GetModelsAsync();

        models.Single().Id.ShouldBe("scout-nano");
    }

    private static ChatClient Chat(TestGateway gateway, string model = "scout-nano", int retries = 0) =>
        new(model, new ApiKeyCredential("test-key"), Options(gateway, retries));

    private static OpenAIClientOptions Options(TestGateway gateway, int retries) => new()
    {
        Endpoint = new Uri(gateway.Http.BaseAddress!, "v1"),
        RetryPolicy = new ClientRetryPolicy(retries),
    };
}
