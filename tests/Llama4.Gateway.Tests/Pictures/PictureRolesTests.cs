using Llama4.Gateway.Tests.Scripted;
using Llama4.Images;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Tests.Pictures;

/// <summary>Whoever shows a picture, and by whichever endpoint: the engine gets it, and the prompt has the places of its rows.</summary>
public class PictureRolesTests
{
    private const string Tools = ""","tools":[{"type":"function","function":{"name":"look"}}]""";
    private static readonly string Url = PictureRequest.DataUri(PictureServer.Png);
    private static readonly string Part = $$$"""{"type":"image_url","image_url":{"url":"{{{Url}}}"}}""";
    private static readonly string Call = """{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"look","arguments":"{}"}}]}""";

    public static TheoryData<string, ChatDialect, bool> Chats()
    {
        var chats = new TheoryData<string, ChatDialect, bool>();
        foreach (var role in (string[])["system", "developer", "user", "assistant", "tool"])
        {
            foreach (var dialect in Enum.GetValues<ChatDialect>())
            {
                chats.Add(role, dialect, true);
                chats.Add(role, dialect, false);
            }
        }

        return chats;
    }

    [Theory]
    [MemberData(nameof(Chats))]
    public async Task Chat_TakesThePicturesOfEveryRole(string role, ChatDialect dialect, bool hasTools)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await StartAsync(cluster, dialect);
        var (before, id) = role == "tool" ? ($$"""{"role":"user","content":"look"},{{Call}},""", "\"tool_call_id\":\"a\",") : ("", "");
        var body = $$"""{"model":"scout-nano","messages":[{{before}}{"role":"{{role}}",{{id}}"content":[{{Part}}]},{"role":"user","content":"hi"}]{{(hasTools ? Tools : "")}}}""";

        await gateway.JsonAsync(PictureRequest.Chat, body);

        var prompt = await PromptWithPictureAsync(cluster);
        (await gateway.JsonAsync("/tokenize", body)).At("tokens").EnumerateArray().Select(token => token.GetInt32()).ShouldBe(prompt);
    }

    [Theory]
    [InlineData("system")]
    [InlineData("developer")]
    [InlineData("user")]
    public async Task Responses_TakeThePicturesOfMessages(string role)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await StartAsync(cluster, ChatDialect.Meta);

        await gateway.JsonAsync("/v1/responses", $$"""
            {"model":"scout-nano","input":[{"role":"{{role}}","content":[{"type":"input_image","image_url":"{{Url}}"}]},{"role":"user","content":"hi"}]}
            """);

        await PromptWithPictureAsync(cluster);
    }

    [Theory]
    [InlineData("")]
    [InlineData(""","tools":[{"type":"function","name":"look","parameters":{"type":"object"}}]""")]
    public async Task Responses_TakeThePicturesOfAResult(string tools)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await StartAsync(cluster, ChatDialect.Json);

        await gateway.JsonAsync("/v1/responses", $$"""
            {"model":"scout-nano","input":[{"role":"user","content":"look"},{"type":"function_call","call_id":"a","name":"look","arguments":"{}"},
             {"type":"function_call_output","call_id":"a","output":[{"type":"input_image","image_url":"{{Url}}"}]}]{{tools}}}
            """);

        await PromptWithPictureAsync(cluster);
    }

    private static Task<TestGateway> StartAsync(ScriptedClient cluster, ChatDialect dialect) => TestGateway.StartAsync(
        cluster, options => options with { Tiles = new TileSettings(112, 4), ChatFormat = new ChatFormat(ScoutNano.Tokenizer, dialect) });

    private static async Task<int[]> PromptWithPictureAsync(ScriptedClient cluster)
    {
        var request = (await cluster.NextAsync()).Request;
        var patch = ScoutNano.Tokenizer.Specials["<|patch|>"];
        var places = request.Images.ShouldHaveSingleItem().Spans.SelectMany(span => Enumerable.Range(span.Position, span.Rows)).ToArray();
        places.ShouldNotBeEmpty();
        places.ShouldBe(request.Prompt.Index().Where(token => token.Item == patch).Select(token => token.Index));
        return request.Prompt;
    }
}
