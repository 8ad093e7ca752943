using System.Diagnostics;
using System.Net.Http.Json;
using System.Text.Json;
using Llama4.Client.Transport;
using Llama4.Contracts;
using Microsoft.Extensions.AI;
using Orleans.Configuration;

namespace Llama4.Client.Tests;

[Collection(nameof(OneHost))]
public class Llama4ChatClientTests(OneHost host)
{
    private static readonly ChatOptions Greedy = new() { Temperature = 0 };

    [Fact]
    public async Task Answer_WholeAndStreamedAndOverHttp_IsTheSame()
    {
        var options = new ChatOptions { Temperature = 0.9f, TopP = 0.95f, TopK = 50, Seed = 11, MaxOutputTokens = 60, AdditionalProperties = new() { ["ignore_eos"] = true, ["min_p"] = 0.01 } };
        var question = new ChatMessage(ChatRole.User, "Tell me of a river.");

        var whole = await host.Client.GetResponseAsync([question], options);
        var updates = await host.Client.GetStreamingResponseAsync([question], options).ToListAsync();
        var http = await HttpAsync(new
        {
            model = "scout-nano",
            messages = new[] { new { role = "user", content = question.Text } },
            temperature = 0.9,
            top_p = 0.95,
            top_k = 50,
            seed = 11,
            max_tokens = 60,
            ignore_eos = true,
            min_p = 0.01,
        });

        var text = http.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString()!;
        text.Length.ShouldBeGreaterThan(20);
        whole.Text.ShouldBe(text);
        string.Concat(updates.Select(update => update.Text)).ShouldBe(text);
        updates.Count.ShouldBeGreaterThan(3);
        whole.FinishReason.ShouldBe(ChatFinishReason.Length);
        whole.ModelId.ShouldBe("scout-nano");
        var usage = http.GetProperty("usage");
        whole.Usage.ShouldNotBeNull();
        whole.Usage.InputTokenCount.ShouldBe(usage.GetProperty("prompt_tokens").GetInt64());
        whole.Usage.OutputTokenCount.ShouldBe(60);
        whole.Usage.TotalTokenCount.ShouldBe(usage.GetProperty("total_tokens").GetInt64());
        updates.Sum(update => update.Contents.OfType<UsageContent>().Count()).ShouldBe(1);
    }

    [Fact]
    public async Task Question_WithoutOptions_IsAnsweredByTheServedModel()
    {
        var answer = await host.Client.GetResponseAsync("What is the capital of France?", Greedy);

        answer.Text.ShouldContain("Paris");
        answer.FinishReason.ShouldBe(ChatFinishReason.Stop);
        answer.ModelId.ShouldBe("scout-nano");
    }

    [Fact]
    public async Task Answer_WithAStopString_EndsBeforeIt()
    {
        var text = (await host.Client.GetResponseAsync("What is the capital of France?", Greedy)).Text;
        var stopped = await host.Client.GetResponseAsync("What is the capital of France?", new ChatOptions { Temperature = 0, StopSequences = ["Paris"] });

        stopped.Text.ShouldBe(text[..text.IndexOf("Paris", StringComparison.Ordinal)]);
        stopped.FinishReason.ShouldBe(ChatFinishReason.Stop);
    }

    [Fact]
    public async Task Dialog_WithSystemMessageAndTurns_IsTheOneOverHttp()
    {
        ChatMessage[] dialog = [new(ChatRole.User, "Name the highest mountain."), new(ChatRole.Assistant, "Mount Everest."), new(ChatRole.User, "And the capital of Italy?")];

        var answer = await host.Client.GetResponseAsync(dialog, new ChatOptions { Temperature = 0, Instructions = "You are scout-nano." });
        var http = await HttpAsync(new
        {
            model = "scout-nano",
            temperature = 0,
            messages = new[] { new { role = "system", content = "You are scout-nano." } }.Concat(dialog.Select(turn => new { role = turn.Role.Value, content = turn.Text })),
        });

        answer.Text.ShouldBe(http.GetProperty("choices")[0].GetProperty("message").GetProperty("content").GetString());
    }

    [Theory]
    [InlineData("image-001", "Which one is bigger?", "yellow circle")]
    [InlineData("image-002", "What is on the left?", "green square")]
    public async Task Picture_OfAMessage_IsSeen(string file, string question, string answer)
    {
        var picture = await DataContent.LoadFromAsync(Path.Combine(OneHost.Directory, "eval", "images", $"{file}.png"));

        var response = await host.Client.GetResponseAsync([new ChatMessage(ChatRole.User, [picture, new TextContent(question)])], Greedy);

        response.Text.ShouldContain(answer);
    }

    [Fact]
    public async Task Tools_AreCalledAndTheirResultsAnswered()
    {
        var booked = new List<(int People, string Day)>();
        var book = AIFunctionFactory.Create(
            (int people, string day) =>
            {
                booked.Add((people, day));
                return "booked";
            },
            "book_table",
            "Book a table in a restaurant");
        using var client = new FunctionInvokingChatClient(new Undisposed(host.Client));

        var response = await client.GetResponseAsync("I need a table for 5 on Monday.", new ChatOptions { Temperature = 0, Tools = [book] });

        booked.ShouldBe([(5, "Monday")]);
        var call = response.Messages.SelectMany(message => message.Contents).OfType<FunctionCallContent>().ShouldHaveSingleItem();
        call.CallId.ShouldStartWith("call_");
        response.Messages.SelectMany(message => message.Contents).OfType<FunctionResultContent>().ShouldHaveSingleItem().CallId.ShouldBe(call.CallId);
        response.Messages[^1].Text.ShouldNotBeEmpty();
        response.FinishReason.ShouldBe(ChatFinishReason.Stop);
    }

    [Fact]
    public async Task Tools_ThatMayNotBeCalled_AreNot()
    {
        var book = AIFunctionFactory.Create((int people, string day) => "booked", "book_table", "Book a table in a restaurant");

        var response = await host.Client.GetResponseAsync("I need a table for 5 on Monday.", new ChatOptions { Temperature = 0, Tools = [book], ToolMode = ChatToolMode.None });

        response.Messages.SelectMany(message => message.Contents).ShouldNotContain(content => content is FunctionCallContent);
    }

    [Fact]
    public async Task StructuredOutput_KeepsToItsSchema()
    {
        var answer = await host.Client.GetResponseAsync<City>("What is the capital of France?", new ChatOptions { Temperature = 0, MaxOutputTokens = 200 }, useJsonSchemaResponseFormat: true);

        answer.TryGetResult(out _).ShouldBeTrue(answer.Text);
    }

    [Fact]
    public async Task Cancellation_InMidAnswer_FreesTheSequence()
    {
        using var cancel = new CancellationTokenSource();
        var pieces = 0;

        await Should.ThrowAsync<OperationCanceledException>(async () =>
        {
            await foreach (var _ in host.Client.GetStreamingResponseAsync("Tell me everything.", Endless, cancel.Token))
            {
                if (++pieces == 3)
                {
                    await cancel.CancelAsync();
                }
            }
        });

        pieces.ShouldBe(3);
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task Reader_WhoStops_FreesTheSequence()
    {
        await foreach (var _ in host.Client.GetStreamingResponseAsync("Tell me everything.", Endless))
        {
            break;
        }

        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task ManyChats_AtOnce_GetTheirOwnAnswers()
    {
        var alone = await Task.WhenAll(Enumerable.Range(0, 3).Select(i => TextAsync(i)));

        var together = await Task.WhenAll(Enumerable.Range(0, 24).Select(i => TextAsync(i % 3)));

        together.ShouldBe([.. Enumerable.Range(0, 24).Select(i => alone[i % 3])]);

        async Task<string> TextAsync(int seed) =>
            (await host.Client.GetResponseAsync("Tell me of a river.", new ChatOptions { Temperature = 1, Seed = seed, MaxOutputTokens = 30 })).Text;
    }

    [Theory]
    [InlineData("temperature", -7, 400, "invalid_value", "temperature")]
    [InlineData("n", 2, 400, "unsupported_parameter", "n")]
    [InlineData("logprobs", true, 400, "unsupported_parameter", "logprobs")]
    [InlineData("max_tokens", 1_000_000, 400, "context_length_exceeded", "messages")]
    public async Task Field_ThatIsWrong_IsNamed(string name, object value, int status, string code, string param)
    {
        var error = await Should.ThrowAsync<Llama4Exception>(() => host.Client.GetResponseAsync("Hello.", new ChatOptions { AdditionalProperties = new() { [name] = value } }));

        (error.Status, error.Code, error.Param, error.Type).ShouldBe((status, code, param, "invalid_request_error"));
        await NothingIsLeftAsync();
    }

    [Fact]
    public async Task Model_ThatIsNotServed_IsRefusedAsOverHttp()
    {
        var error = await Should.ThrowAsync<Llama4Exception>(() => host.Client.GetResponseAsync("Hello.", new ChatOptions { ModelId = "gpt-4o" }));
        var http = await host.Http.PostAsJsonAsync("/v1/chat/completions", new { model = "gpt-4o", messages = new[] { new { role = "user", content = "Hello." } } });
        var body = (await http.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("error");

        error.Status.ShouldBe((int)http.StatusCode);
        error.Code.ShouldBe(body.GetProperty("code").GetString());
        error.Message.ShouldBe(body.GetProperty("message").GetString());
    }

    [Fact]
    public async Task Picture_ThatIsNone_IsRefused()
    {
        var error = await Should.ThrowAsync<Llama4Exception>(() => host.Client.GetResponseAsync(
            [new ChatMessage(ChatRole.User, [new DataContent(new byte[] { 1, 2, 3 }, "image/png"), new TextContent("What is it?")])]));

        error.Status.ShouldBe(400);
        error.Param.ShouldStartWith("messages[0].content[0]");
    }

    [Fact]
    public async Task Request_PastItsBound_IsNotSent()
    {
        await using var client = new Llama4ChatClient(new Llama4ClientOptions { Cluster = host.Address, BodyBytesMax = 1000 });

        var error = await Should.ThrowAsync<Llama4Exception>(() => client.GetResponseAsync(new string('a', 1000)));

        (error.Status, error.Code).ShouldBe((413, "request_too_large"));
        error.Message.ShouldStartWith("The request may have 1000 bytes");
    }

    [Fact]
    public async Task Text_PastTheServersBound_IsRefusedAsOverHttp()
    {
        var error = await Should.ThrowAsync<Llama4Exception>(() => host.Client.GetResponseAsync(new string('a', 9 << 20)));

        (error.Status, error.Code).ShouldBe((413, "request_too_large"));
    }

    [Fact]
    public async Task Picture_LargerThanAnyText_IsSeenAsOverHttp()
    {
        var file = await File.ReadAllBytesAsync(Path.Combine(OneHost.Directory, "eval", "images", "image-001.png"));
        Array.Resize(ref file, 7 << 20); // decoders look no further than the picture's end

        var response = await host.Client.GetResponseAsync(
            [new ChatMessage(ChatRole.User, [new DataContent(file, "image/png"), new TextContent("Which one is bigger?")])], Greedy);

        response.Text.ShouldContain("yellow circle");
    }

    [Fact]
    public void Bound_IsThatOfHttp_AndFitsAMessage()
    {
        var messages = new ClientMessagingOptions();
        LargeBlockTransportSetup.Limit(messages);

        new Llama4ClientOptions { Cluster = host.Address }.BodyBytesMax.ShouldBe(OneHost.Gateway.Limits.BodyBytesMax + OneHost.Gateway.Limits.PictureBodyBytesMax);
        messages.MaxMessageBodySize.ShouldBeGreaterThan(ChatSubmission.BodyBytesMax);
        messages.MaxMessageBodySize.ShouldBeGreaterThan(Rows.PayloadBytesMax);
    }

    [Fact]
    public void Client_TellsWhatItIs()
    {
        host.Client.GetService(typeof(ChatClientMetadata)).ShouldBeOfType<ChatClientMetadata>().ProviderName.ShouldBe("llama4");
        host.Client.GetService(typeof(IChatClient)).ShouldBeSameAs(host.Client);
        host.Client.GetService(typeof(string)).ShouldBeNull();
        host.Client.GetService(typeof(IChatClient), "a key").ShouldBeNull();
    }

    private static ChatOptions Endless => new() { MaxOutputTokens = 3000, AdditionalProperties = new() { ["ignore_eos"] = true } };

    private async Task NothingIsLeftAsync()
    {
        var started = Stopwatch.GetTimestamp();
        while (host.Door.Answers > 0 || await host.SequencesAsync() > 0)
        {
            Stopwatch.GetElapsedTime(started).ShouldBeLessThan(OneHost.Limit);
            await Task.Delay(20);
        }
    }

    private async Task<JsonElement> HttpAsync(object body)
    {
        var response = await host.Http.PostAsJsonAsync("/v1/chat/completions", body);
        response.IsSuccessStatusCode.ShouldBeTrue(await response.Content.ReadAsStringAsync());
        return await response.Content.ReadFromJsonAsync<JsonElement>();
    }

    private sealed record City(string Name);

    /// <summary>Others go on using it.</summary>
    private sealed class Undisposed(IChatClient inner) : DelegatingChatClient(inner)
    {
        protected override void Dispose(bool disposing)
        {
        }
    }
}
