using System.Net;
using System.Text.Json;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Tokens;

public class TokenizeTests
{
    private const string Path = "/tokenize";
    private static readonly int Bos = ScoutNano.Tokenizer.BosId!.Value;

    [Fact]
    public async Task Prompt_GivesTheIdsThatACompletionReads()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);
        const string Prompt = "The capital <|eot|> of Köln";

        var answer = await gateway.JsonAsync(Path, $$"""{"model":"scout-nano","prompt":"{{Prompt}}","return_token_strs":true}""");

        await gateway.JsonAsync("/v1/completions", $$"""{"model":"scout-nano","prompt":"{{Prompt}}"}""");
        var ids = Ids(answer);
        ids.ShouldBe((await cluster.NextAsync()).Request.Prompt);
        ids[0].ShouldBe(Bos);
        ids.ShouldContain(ScoutNano.Eot);
        answer.At("count").GetInt32().ShouldBe(ids.Length);
        answer.At("max_model_len").GetInt32().ShouldBe(4096);
        answer.At("token_strs.0").GetString().ShouldBe("<|begin_of_text|>");
        answer.At("token_strs").GetArrayLength().ShouldBe(ids.Length);
    }

    [Fact]
    public async Task Prompt_WhenNothingIsToBeAdded_HasNoBeginning()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var answer = await gateway.JsonAsync(Path, """{"prompt":"Paris","add_special_tokens":false}""");

        Ids(answer).ShouldBe(ScoutNano.Tokenizer.Encode("Paris"));
        answer.At("token_strs").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData("")]
    [InlineData(",\"add_generation_prompt\":false")]
    [InlineData(",\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"now\"}}]")]
    public async Task Messages_GiveTheIdsThatAChatReads(string more)
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);
        var body = $$"""{"model":"scout-nano","messages":[{"role":"user","content":"Hello"}]{{more}}}""";

        var answer = await gateway.JsonAsync(Path, body);

        await gateway.JsonAsync("/v1/chat/completions", body);
        Ids(answer).ShouldBe((await cluster.NextAsync()).Request.Prompt);
    }

    [Fact]
    public async Task Content_IsReadAsLlamaServerReadsIt()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        Ids(await gateway.JsonAsync(Path, """{"content":"a<|eot|>"}""")).ShouldBe([.. ScoutNano.Tokenizer.Encode("a"), ScoutNano.Eot]);
        Ids(await gateway.JsonAsync(Path, """{"content":"a","add_special":true}"""))[0].ShouldBe(Bos);
        Ids(await gateway.JsonAsync(Path, """{"content":"<|eot|>","parse_special":false}""")).ShouldNotContain(ScoutNano.Eot);
        var pieces = await gateway.JsonAsync(Path, """{"content":"a😀","with_pieces":true}""");
        pieces.At("tokens.0.piece").GetString().ShouldBe("a");
        pieces.At("tokens").EnumerateArray().Any(token => token.At("piece").ValueKind == JsonValueKind.Array).ShouldBeTrue("bytes of half a character");
    }

    [Theory]
    [InlineData("{}", "prompt")]
    [InlineData("{\"prompt\":5}", "prompt")]
    [InlineData("{\"messages\":[]}", "messages")]
    [InlineData("{\"messages\":[{\"role\":\"wizard\"}]}", "messages[0].role")]
    public async Task Request_WhenItIsWrong_IsNamed(string body, string param)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        (await gateway.JsonAsync(Path, body, HttpStatusCode.BadRequest)).At("error.param").GetString().ShouldBe(param);
    }

    [Fact]
    public async Task Model_WhenItIsUnknown_Is404()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        (await gateway.JsonAsync(Path, """{"model":"gpt-4","prompt":"x"}""", HttpStatusCode.NotFound)).At("error.code").GetString().ShouldBe("model_not_found");
    }

    [Fact]
    public async Task Detokenize_GivesTheTextBack()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        var ids = string.Join(',', (int[])[Bos, .. ScoutNano.Tokenizer.Encode("Köln is 😀"), ScoutNano.Eot]);

        var answer = await gateway.JsonAsync("/detokenize", $$"""{"model":"scout-nano","tokens":[{{ids}}]}""");

        answer.At("prompt").GetString().ShouldBe("<|begin_of_text|>Köln is 😀<|eot|>");
        answer.At("content").GetString().ShouldBe(answer.At("prompt").GetString());
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("{\"tokens\":\"x\"}")]
    [InlineData("{\"tokens\":[999999]}")]
    [InlineData("{\"tokens\":[1.5]}")]
    public async Task Detokenize_WhenTokensAreWrong_NamesThem(string body)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        (await gateway.JsonAsync("/detokenize", body, HttpStatusCode.BadRequest)).At("error.param").GetString().ShouldBe("tokens");
    }

    [Fact]
    public async Task ApplyTemplate_GivesThePromptAsText()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var answer = await gateway.JsonAsync("/apply-template", """{"messages":[{"role":"user","content":"Hi"}]}""");

        answer.At("prompt").GetString().ShouldBe(
            "<|begin_of_text|><|header_start|>user<|header_end|>\n\nHi<|eot|><|header_start|>assistant<|header_end|>\n\n");
    }

    private static int[] Ids(JsonElement answer) => [.. answer.At("tokens").EnumerateArray().Select(id => id.GetInt32())];
}
