#pragma warning disable OPENAI001 // the client's types for responses are marked as an evaluation

using System.ClientModel;
using System.ClientModel.Primitives;
using Llama4.Gateway.Tests.Scripted;
using OpenAI;
using OpenAI.Chat;
using OpenAI.Responses;

namespace Llama4.Gateway.Tests.Clients;

/// <summary>The official OpenAI client for .NET: responses, and pictures in chat.</summary>
public class OpenAiResponsesTests
{
    private const string Schema = """{"type":"object","properties":{"city":{"type":"string"}},"required":["city"],"additionalProperties":false}""";

    [Fact]
    public async Task Response_OfAQuestion_IsText()
    {
        await using var gateway = await ClientScript.StartAsync();

        ResponseResult response = await Client(gateway).CreateResponseAsync("scout-nano", "What is the capital of France?");

        response.GetOutputText().ShouldBe(ClientScript.Text);
        response.Status.ShouldBe(ResponseStatus.Completed);
        response.Usage.OutputTokenCount.ShouldBeGreaterThan(1);
    }

    [Fact]
    public async Task Response_ThatStreams_ComesInDeltasAndEndsCompleted()
    {
        await using var gateway = await ClientScript.StartAsync();
        var options = Options(ResponseItem.CreateUserMessageItem("What is the capital of France?"));
        options.StreamingEnabled = true;

        var updates = await (await Client(gateway).CreateResponseStreamingAsync(options)).ToListAsync();

        string.Concat(updates.OfType<StreamingResponseOutputTextDeltaUpdate>().Select(update => update.Delta)).ShouldBe(ClientScript.Text);
        updates[0].ShouldBeOfType<StreamingResponseCreatedUpdate>();
        updates.Select(update => update.SequenceNumber).ShouldBe(Enumerable.Range(0, updates.Count));
        updates[^1].ShouldBeOfType<StreamingResponseCompletedUpdate>().Response.GetOutputText().ShouldBe(ClientScript.Text);
    }

    [Fact]
    public async Task Response_ThatCallsATool_GoesOnWithItsResult()
    {
        await using var gateway = await ClientScript.StartAsync();
        var options = Options(ResponseItem.CreateUserMessageItem("Warm in Paris?"));
        options.Tools.Add(ResponseTool.CreateFunctionTool("get_weather", BinaryData.FromString(Schema), strictModeEnabled: false, "Weather of a city"));

        ResponseResult first = await Client(gateway).CreateResponseAsync(options);

        var call = first.OutputItems.Single().ShouldBeOfType<FunctionCallResponseItem>();
        call.FunctionName.ShouldBe("get_weather");
        call.FunctionArguments.ToString().ShouldBe("{\"city\": \"Paris\"}");
        options.InputItems.Add(call);
        options.InputItems.Add(ResponseItem.CreateFunctionCallOutputItem(call.CallId, "21"));
        ResponseResult second = await Client(gateway).CreateResponseAsync(options);
        second.GetOutputText().ShouldBe(ClientScript.AfterCall);
    }

    [Fact]
    public async Task Response_ToAPicture_SeesIt()
    {
        await using var gateway = await ClientScript.StartAsync();
        var options = Options(ResponseItem.CreateUserMessageItem(
        [
            ResponseContentPart.CreateInputTextPart("What is this?"),
            ResponseContentPart.CreateInputImagePart(BinaryData.FromBytes(Convert.FromBase64String(ClientScript.RedPng), "image/png")),
        ]));

        ResponseResult response = await Client(gateway).CreateResponseAsync(options);

        response.GetOutputText().ShouldBe(ClientScript.OfPicture);
    }

    [Fact]
    public async Task Response_ThatFollowsAnother_IsRefusedByName()
    {
        await using var gateway = await ClientScript.StartAsync();
        var options = Options(ResponseItem.CreateUserMessageItem("And of Spain?"));
        options.PreviousResponseId = "resp_1";

        var error = await Should.ThrowAsync<ClientResultException>(() => Client(gateway).CreateResponseAsync(options));

        error.Status.ShouldBe(400);
        error.Message.ShouldContain("previous_response_id");
    }

    [Fact]
    public async Task Chat_WithAPicture_SeesIt()
    {
        await using var gateway = await ClientScript.StartAsync();
        var chat = new ChatClient("scout-nano", new ApiKeyCredential("k"), new OpenAIClientOptions { Endpoint = Endpoint(gateway) });

        ChatCompletion answer = await chat.CompleteChatAsync(new UserChatMessage(
            ChatMessageContentPart.CreateTextPart("What is this?"),
            ChatMessageContentPart.CreateImagePart(BinaryData.FromBytes(Convert.FromBase64String(ClientScript.RedPng)), "image/png")));

        answer.Content[0].Text.ShouldBe(ClientScript.OfPicture);
    }

    [Fact]
    public async Task Chat_WithASchema_IsStructured()
    {
        await using var gateway = await ClientScript.StartAsync();
        var chat = new ChatClient("scout-nano", new ApiKeyCredential("k"), new OpenAIClientOptions { Endpoint = Endpoint(gateway) });

        ChatCompletion answer = await chat.CompleteChatAsync(
            [new UserChatMessage("Paris, as JSON.")],
            new ChatCompletionOptions { ResponseFormat = ChatResponseFormat.CreateJsonSchemaFormat("city", BinaryData.FromString(Schema), jsonSchemaIsStrict: true) });

        answer.Content[0].Text.ShouldBe(ClientScript.Structured);
    }

    [Fact]
    public async Task Response_WithASchema_IsStructured()
    {
        await using var gateway = await ClientScript.StartAsync();
        var options = Options(ResponseItem.CreateUserMessageItem("Paris, as JSON."));
        options.TextOptions = new ResponseTextOptions
        {
            TextFormat = ResponseTextFormat.CreateJsonSchemaFormat("city", BinaryData.FromString(Schema), jsonSchemaIsStrict: true),
        };

        ResponseResult response = await Client(gateway).CreateResponseAsync(options);

        response.GetOutputText().ShouldBe(ClientScript.Structured);
    }

    private static CreateResponseOptions Options(ResponseItem item)
    {
        var options = new CreateResponseOptions { Model = "scout-nano" };
        options.InputItems.Add(item);
        return options;
    }

    private static ResponsesClient Client(TestGateway gateway) => new(
        new ApiKeyCredential("k"), new ResponsesClientOptions { Endpoint = Endpoint(gateway), RetryPolicy = new ClientRetryPolicy(0) });

    private static Uri Endpoint(TestGateway gateway) => new(gateway.Http.BaseAddress!, "v1");
}
