#pragma warning disable OPENAI001 // the client's types for responses are marked as an evaluation

using System.ClientModel;
using System.ComponentModel;
using Llama4.Gateway.Tests.Scripted;
using Microsoft.Extensions.AI;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;
using ChatMessage = Microsoft.Extensions.AI.ChatMessage;

namespace Llama4.Gateway.Tests.Clients;

/// <summary>Microsoft.Extensions.AI over the OpenAI client, by chat and by responses.</summary>
public class ExtensionsAiTests
{
    private const string NoStream = "Microsoft.Extensions.AI.OpenAI 10.11.0 calls a method for streamed responses that OpenAI 2.15.0 has in another form (MissingMethodException)";

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_ComesWholeAndInUpdates(bool byResponses)
    {
        await using var gateway = await ClientScript.StartAsync();
        using var client = Client(gateway, byResponses);

        var whole = await client.GetResponseAsync("What is the capital of France?");
        whole.Text.ShouldBe(ClientScript.Text);
        whole.FinishReason.ShouldBe(byResponses ? null : Microsoft.Extensions.AI.ChatFinishReason.Stop); // a response that is complete has no reason for it
        whole.Usage!.OutputTokenCount.ShouldBe(ScoutNano.Tokenizer.Encode(ClientScript.Text).Length + 1);
        Assert.SkipWhen(byResponses, NoStream);
        var updates = await client.GetStreamingResponseAsync("What is the capital of France?").ToListAsync();

        string.Concat(updates.Select(update => update.Text)).ShouldBe(ClientScript.Text);
        updates.Count.ShouldBeGreaterThan(3);
    }

    [Theory]
    [InlineData(false, false)]
    [InlineData(false, true)]
    [InlineData(true, false)]
    [InlineData(true, true)]
    public async Task Tools_AreCalledByTheFunctionInvoker(bool byResponses, bool stream)
    {
        Assert.SkipWhen(byResponses && stream, NoStream);
        await using var gateway = await ClientScript.StartAsync();
        var asked = new List<string>();
        [Description("Weather of a city")]
        int Weather(string city)
        {
            asked.Add(city);
            return 21;
        }

        using var client = new ChatClientBuilder(Client(gateway, byResponses)).UseFunctionInvocation().Build();
        var options = new ChatOptions { Tools = [AIFunctionFactory.Create(Weather, "get_weather")] };

        var text = stream
            ? string.Concat((await client.GetStreamingResponseAsync("Warm in Paris?", options).ToListAsync()).Select(update => update.Text))
            : (await client.GetResponseAsync("Warm in Paris?", options)).Text;

        text.ShouldBe(ClientScript.AfterCall);
        asked.ShouldBe(["Paris"]);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Picture_IsSeen(bool byResponses)
    {
        await using var gateway = await ClientScript.StartAsync();
        using var client = Client(gateway, byResponses);

        var answer = await client.GetResponseAsync(new ChatMessage(
            ChatRole.User, [new TextContent("What is this?"), new DataContent(Convert.FromBase64String(ClientScript.RedPng), "image/png")]));

        answer.Text.ShouldBe(ClientScript.OfPicture);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Structure_IsRead(bool byResponses)
    {
        await using var gateway = await ClientScript.StartAsync();
        using var client = Client(gateway, byResponses);

        var answer = await client.GetResponseAsync<City>("Paris, as JSON.");

        answer.Result.ShouldBe(new City("Paris", 2102650));
    }

    private sealed record City(string city, int people);

    private static IChatClient Client(TestGateway gateway, bool byResponses)
    {
        var endpoint = new Uri(gateway.Http.BaseAddress!, "v1");
        return byResponses
            ? new ResponsesClient(new ApiKeyCredential("k"), new ResponsesClientOptions { Endpoint = endpoint }).AsIChatClient("scout-nano")
            : new ChatClient("scout-nano", new ApiKeyCredential("k"), new OpenAIClientOptions { Endpoint = endpoint }).AsIChatClient();
    }
}
