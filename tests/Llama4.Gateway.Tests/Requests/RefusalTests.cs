using System.Net;
using System.Text;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>Every mistake of a caller: its status, and the param and code of its error body. None of them reaches the cluster.</summary>
public class RefusalTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";

    [Theory]
    [InlineData("""{"model":7}""", "model", "invalid_type")]
    [InlineData("""{"model":"scout-nano"}""", "messages", "missing_required_parameter")]
    [InlineData("""{"model":"scout-nano","messages":[]}""", "messages", "invalid_value")]
    [InlineData("""{"model":"scout-nano","messages":"x"}""", "messages", "invalid_value")]
    [InlineData("""{"model":"scout-nano","messages":[{"role":"wizard","content":"x"}]}""", "messages[0].role", "invalid_value")]
    [InlineData("""{"model":"scout-nano","messages":[{"role":"user"}]}""", "messages[0].content", "invalid_value")]
    [InlineData("""{"model":"scout-nano","messages":[{"role":"user","content":"\ud800"}]}""", "messages[0].content", "invalid_value")]
    [InlineData("""{"model":"scout-nano","messages":[{"role":"user","content":[{"type":"image_url","image_url":{"url":"data:,"}}]}]}""", "messages[0].content[0]", "invalid_value")]
    public Task Chat_WhenTheDialogIsWrong_NamesTheField(string body, string param, string code) => IsRefusedAsync(Chat, body, param, code);

    [Theory]
    [InlineData("\"temperature\":-1e-9", "temperature", "invalid_value")]
    [InlineData("\"temperature\":-0.1", "temperature", "invalid_value")]
    [InlineData("\"temperature\":1e999", "temperature", "invalid_value")]
    [InlineData("\"temperature\":\"hot\"", "temperature", "invalid_type")]
    [InlineData("\"top_p\":0", "top_p", "invalid_value")]
    [InlineData("\"top_p\":1.01", "top_p", "invalid_value")]
    [InlineData("\"top_k\":-2", "top_k", "invalid_value")]
    [InlineData("\"top_k\":1.5", "top_k", "invalid_type")]
    [InlineData("\"min_p\":1.5", "min_p", "invalid_value")]
    [InlineData("\"presence_penalty\":3", "presence_penalty", "invalid_value")]
    [InlineData("\"frequency_penalty\":-3", "frequency_penalty", "invalid_value")]
    [InlineData("\"repetition_penalty\":0", "repetition_penalty", "invalid_value")]
    [InlineData("\"max_tokens\":0", "max_tokens", "invalid_value")]
    [InlineData("\"max_tokens\":99999999999999999999", "max_tokens", "invalid_value")]
    [InlineData("\"max_completion_tokens\":true", "max_completion_tokens", "invalid_type")]
    [InlineData("\"max_tokens\":4096", "messages", "context_length_exceeded")]
    [InlineData("\"n\":0", "n", "invalid_value")]
    [InlineData("\"n\":129", "n", "invalid_value")]
    [InlineData("\"seed\":1.5", "seed", "invalid_type")]
    [InlineData("\"stop\":[\"a\",\"b\",\"c\",\"d\",\"e\"]", "stop", "invalid_value")]
    [InlineData("\"stop\":\"\"", "stop", "invalid_value")]
    [InlineData("\"stop\":[1]", "stop", "invalid_type")]
    [InlineData("\"stop_token_ids\":[2048]", "stop_token_ids", "invalid_value")]
    [InlineData("\"stop_token_ids\":5", "stop_token_ids", "invalid_type")]
    [InlineData("\"logit_bias\":{\"2048\":1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":{\"\":1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":{\"-1\":1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":{\"99999999999999999999\":1}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":{\"cat\":true}", "logit_bias", "invalid_type")]
    [InlineData("\"logit_bias\":[[\"\",1]]", "logit_bias", "invalid_value")]
    [InlineData("\"max_tokens\":-2", "max_tokens", "invalid_value")]
    [InlineData("\"max_completion_tokens\":5,\"n_predict\":\"x\"", "n_predict", "invalid_type")]
    [InlineData("\"truncation_side\":\"middle\"", "truncation_side", "invalid_value")]
    [InlineData("\"n\":2,\"best_of\":3", "best_of", "unsupported_parameter")]
    [InlineData("\"n_probs\":21", "n_probs", "invalid_value")]
    [InlineData("\"structured_outputs\":{\"json\":{},\"whitespace_pattern\":\" \"}", "structured_outputs.whitespace_pattern", "unsupported_parameter")]
    [InlineData("\"structured_outputs\":{\"json\":{},\"disable_additional_properties\":true}", "structured_outputs.disable_additional_properties", "unsupported_parameter")]
    [InlineData("\"logit_bias\":{\"1\":101}", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":5", "logit_bias", "invalid_type")]
    [InlineData("\"stream\":1", "stream", "invalid_type")]
    [InlineData("\"stream_options\":{\"include_usage\":true}", "stream_options", "invalid_value")]
    [InlineData("\"logprobs\":2", "logprobs", "invalid_type")]
    [InlineData("\"logprobs\":true,\"top_logprobs\":21", "top_logprobs", "invalid_value")]
    [InlineData("\"top_logprobs\":2", "top_logprobs", "invalid_value")]
    [InlineData("\"tools\":5", "tools", "invalid_type")]
    [InlineData("\"tools\":[{\"type\":\"function\"}]", "tools[0].function", "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"web_search\"}]", "tools[0].type", "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"a b\"}}]", "tools[0].function.name", "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":1}}]", "tools[0].function.strict", "invalid_type")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\",\"strict\":true,\"parameters\":{\"type\":\"object\",\"properties\":{\"a\":{\"$dynamicRef\":\"#a\"}}}}}]", "tools[0].function.parameters", "unsupported_parameter")]
    [InlineData("\"response_format\":7", "response_format", "invalid_type")]
    [InlineData("\"response_format\":{}", "response_format.type", "missing_required_parameter")]
    [InlineData("\"response_format\":{\"type\":\"xml\"}", "response_format.type", "invalid_value")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\"}", "response_format.json_schema", "missing_required_parameter")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"schema\":{}}}", "response_format.json_schema.name", "missing_required_parameter")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a b\",\"schema\":{}}}", "response_format.json_schema.name", "invalid_value")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"strict\":true}}", "response_format.json_schema.schema", "missing_required_parameter")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":[]}}", "response_format.json_schema.schema", "invalid_type")]
    [InlineData("\"response_format\":{\"type\":\"json_schema\",\"json_schema\":{\"name\":\"a\",\"schema\":{\"type\":\"strnig\"}}}", "response_format.json_schema.schema", "unsupported_parameter")]
    [InlineData("\"guided_json\":\"{\"", "guided_json", "unsupported_parameter")]
    [InlineData("\"guided_json\":{\"const\":\"\\ud800\"}", "guided_json", "unsupported_parameter")]
    [InlineData("\"guided_regex\":\"(\"", "guided_regex", "unsupported_parameter")]
    [InlineData("\"guided_regex\":5", "guided_regex", "invalid_type")]
    [InlineData("\"guided_choice\":[]", "guided_choice", "unsupported_parameter")]
    [InlineData("\"guided_choice\":[1]", "guided_choice", "invalid_type")]
    [InlineData("\"guided_choice\":\"a\"", "guided_choice", "invalid_type")]
    [InlineData("\"guided_choice\":[\"a\"],\"guided_regex\":\"a\"", "guided_choice", "invalid_value")]
    [InlineData("\"guided_whitespace_pattern\":\" \"", "guided_whitespace_pattern", "unsupported_parameter")]
    [InlineData("\"structured_outputs\":[]", "structured_outputs", "invalid_type")]
    [InlineData("\"structured_outputs\":{\"structural_tag\":{}}", "structured_outputs.structural_tag", "unsupported_parameter")]
    [InlineData("\"structured_outputs\":{\"regex\":\"a\",\"choice\":[\"a\"]}", "structured_outputs", "invalid_value")]
    [InlineData("\"structured_outputs\":{\"regex\":\"(\"}", "structured_outputs.regex", "unsupported_parameter")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}},{\"type\":\"function\",\"function\":{\"name\":\"f\"}}]", "tools[1]", "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":{\"type\":\"function\",\"function\":{\"name\":\"g\"}}", "tool_choice", "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"tool_choice\":\"always\"", "tool_choice", "invalid_value")]
    [InlineData("\"tool_choice\":\"required\"", "tool_choice", "invalid_value")]
    [InlineData("\"tools\":[{\"type\":\"function\",\"function\":{\"name\":\"f\"}}],\"parallel_tool_calls\":1", "parallel_tool_calls", "invalid_type")]
    [InlineData("\"functions\":[{}]", "functions", "unsupported_parameter")]
    [InlineData("\"modalities\":[\"audio\"]", "modalities", "unsupported_parameter")]
    [InlineData("\"continue_final_message\":true", "continue_final_message", "invalid_value")]
    [InlineData("\"continue_final_message\":true,\"add_generation_prompt\":true", "continue_final_message", "invalid_value")]
    [InlineData("\"n_predict\":0", "n_predict", "invalid_value")]
    [InlineData("\"truncate_prompt_tokens\":0", "truncate_prompt_tokens", "invalid_value")]
    [InlineData("\"logit_bias\":[[1]]", "logit_bias", "invalid_value")]
    [InlineData("\"logit_bias\":[[1,true]]", "logit_bias", "invalid_type")]
    [InlineData("\"logit_bias\":[[2048,1]]", "logit_bias", "invalid_value")]
    [InlineData("\"stream\":true,\"stream_options\":{\"continuous_usage_stats\":1}", "continuous_usage_stats", "invalid_type")]
    public Task Chat_WhenASettingIsWrong_NamesIt(string setting, string param, string code) =>
        IsRefusedAsync(Chat, $$"""{"model":"scout-nano","messages":[{"role":"user","content":"x"}],{{setting}}}""", param, code);

    [Theory]
    [InlineData("\"max_tokens\":1", "prompt", "missing_required_parameter")]
    [InlineData("\"prompt\":5", "prompt", "invalid_type")]
    [InlineData("\"prompt\":[]", "prompt", "invalid_type")]
    [InlineData("\"prompt\":[[]]", "prompt", "invalid_type")]
    [InlineData("\"prompt\":[\"a\",1]", "prompt", "invalid_type")]
    [InlineData("\"prompt\":[1,\"a\"]", "prompt", "invalid_type")]
    [InlineData("\"prompt\":[2048]", "prompt", "invalid_value")]
    [InlineData("\"prompt\":[-1]", "prompt", "invalid_value")]
    [InlineData("\"prompt\":[\"a\",\"b\"],\"n\":65", "prompt", "invalid_value")]
    [InlineData("\"prompt\":\"a\",\"prompt_logprobs\":1,\"stream\":true", "prompt_logprobs", "unsupported_parameter")]
    [InlineData("\"prompt\":\"a\",\"prompt_logprobs\":21", "prompt_logprobs", "invalid_value")]
    [InlineData("\"prompt\":\"a\",\"prompt_logprobs\":-1", "prompt_logprobs", "invalid_value")]
    [InlineData("\"prompt\":\"a\",\"prompt_logprobs\":true", "prompt_logprobs", "invalid_type")]
    [InlineData("\"prompt\":\"a\",\"max_tokens\":0", "max_tokens", "invalid_value")]
    [InlineData("\"prompt\":\"a\",\"max_tokens\":-2,\"echo\":true", "max_tokens", "invalid_value")]
    [InlineData("\"prompt\":\"a\",\"suffix\":\"b\"", "suffix", "unsupported_parameter")]
    [InlineData("\"prompt\":\"a\",\"best_of\":2", "best_of", "unsupported_parameter")]
    [InlineData("\"prompt\":\"a\",\"logprobs\":21", "logprobs", "invalid_value")]
    [InlineData("\"prompt\":\"a\",\"logprobs\":true", "logprobs", "invalid_type")]
    public Task Completions_WhenAFieldIsWrong_NamesIt(string setting, string param, string code) =>
        IsRefusedAsync(Text, $$"""{"model":"scout-nano",{{setting}}}""", param, code);

    [Fact]
    public async Task Request_WhenTheModelIsUnknown_Gives404()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await gateway.JsonAsync(Chat, """{"model":"gpt-4","messages":[]}""", HttpStatusCode.NotFound);

        error.At("error.code").GetString().ShouldBe("model_not_found");
        error.At("error.message").GetString()!.ShouldContain("gpt-4");
    }

    [Theory]
    [InlineData("-99999999999999999999", "at least 1")]
    [InlineData("99999999999999999999", "from 1 to 2147483647")]
    public async Task Request_WhenANumberPassesEitherEnd_SaysWhichEnd(string number, string expected)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await gateway.JsonAsync(
            Chat, $$"""{"model":"scout-nano","messages":[{"role":"user","content":"x"}],"max_tokens":{{number}}}""", HttpStatusCode.BadRequest);

        error.At("error.message").GetString().ShouldBe($"'max_tokens' must be {expected}, but is {number}.");
    }

    [Fact]
    public async Task Request_WhenThePromptPassesTheContext_SaysTheNumbers()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        var ids = string.Join(",", Enumerable.Repeat("5", 4096));

        var error = await gateway.JsonAsync(Text, $$"""{"model":"scout-nano","prompt":[{{ids}}]}""", HttpStatusCode.BadRequest);

        error.At("error.code").GetString().ShouldBe("context_length_exceeded");
        error.At("error.param").GetString().ShouldBe("prompt");
        error.At("error.message").GetString().ShouldBe("The context holds 4096 tokens, one of the answer at least, but the prompt alone has 4096.");
    }

    [Theory]
    [InlineData("{\"model\": \"scout-nano\",\n \"messages\": oops}", "line 2, byte 14")]
    [InlineData("{\"model\": \"scout-nano\"", "line 1")]
    [InlineData("{} {}", "line 1, byte 4")]
    [InlineData("[1]", "an array")]
    [InlineData("", "empty")]
    public async Task Request_WhenTheBodyIsNoJsonObject_SaysWhere(string body, string where)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await gateway.JsonAsync(Chat, body, HttpStatusCode.BadRequest);

        error.At("error.message").GetString()!.ShouldContain(where);
        error.At("error.code").GetString().ShouldBe("invalid_json");
        error.At("error.param").ValueKind.ShouldBe(JsonValueKind.Null);
    }

    [Theory]
    [InlineData(31)]
    [InlineData(126)]
    public async Task Request_OfADeepSchema_IsTaken(int levels)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("7"));

        await gateway.JsonAsync(Chat, $$$"""
            {"model":"scout-nano","messages":[{"role":"user","content":"x"}],"response_format":{"type":"json_schema","json_schema":{"name":"a","schema":{{{DeepSchema(levels)}}} } } }
            """);
    }

    [Fact]
    public async Task Request_OfATooDeepBody_NamesTheBound()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await gateway.JsonAsync(Chat, $$"""{"model":"scout-nano","response_format":{{DeepSchema(128)}}}""", HttpStatusCode.BadRequest);

        error.At("error.message").GetString().ShouldBe("The body has more than 256 objects and arrays in each other.");
        error.At("error.code").GetString().ShouldBe("nesting_too_deep");
    }

    [Fact]
    public async Task Request_OfATooDeepTool_NamesTheTool()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await gateway.JsonAsync(
            Chat,
            $$$"""{"model":"scout-nano","messages":[{"role":"user","content":"x"}],"tools":[{"type":"function","function":{"name":"f","parameters":{{{DeepSchema(31)}}}}}]}""",
            HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe("tools[0]");
        error.At("error.message").GetString()!.ShouldContain("at most 64 objects and arrays");
    }

    /// <summary>Objects in objects; two levels of JSON each, and one.</summary>
    private static string DeepSchema(int levels) =>
        string.Concat(Enumerable.Repeat("""{"type":"object","properties":{"a":""", levels)) + """{"type":"integer"}""" + new string('}', 2 * levels);

    [Theory]
    [InlineData("{\"model\":\"scout-nano\",\"\\ud800\":1}", "half of a surrogate pair, at byte 23")]
    [InlineData("{\"model\":\"scout-nano\",\"user\":{\"a\":[{\"\\udc00x\":1}]}}", "half of a surrogate pair, at byte 37")]
    [InlineData("{\"model\":\"\u00FF\"}", "not UTF-8")]
    public async Task Request_WhenTheBodyHoldsWhatIsNoText_SaysSo(string latin1, string what)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        using var content = new ByteArrayContent(Encoding.Latin1.GetBytes(latin1));

        using var response = await gateway.Http.PostAsync(Chat, content);

        response.StatusCode.ShouldBe(HttpStatusCode.BadRequest);
        var error = Json.Parse(await response.Content.ReadAsStringAsync());
        error.At("error.message").GetString()!.ShouldContain(what);
        error.At("error.code").GetString().ShouldBe("invalid_json");
    }

    [Fact]
    public async Task Request_WhenTheBodyBeginsWithAByteOrderMark_IsRead()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("ok"));
        using var content = new ByteArrayContent([.. "\uFEFF"u8, .. """{"model":"scout-nano","prompt":"a"}"""u8]);

        (await gateway.Http.PostAsync(Text, content)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("GET", Chat, null, HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", "/v1/models", "application/json", HttpStatusCode.MethodNotAllowed)]
    [InlineData("POST", Chat, "text/plain", HttpStatusCode.UnsupportedMediaType)]
    [InlineData("POST", "/v1/embeddings", "application/json", HttpStatusCode.NotFound)]
    [InlineData("GET", "/favicon.ico", null, HttpStatusCode.NotFound)]
    [InlineData("GET", "/v1/models/gpt-4", null, HttpStatusCode.NotFound)]
    public async Task Request_WhenMethodTypeOrPathIsWrong_GivesAnErrorBody(string method, string path, string? type, HttpStatusCode status)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        request.Content = type is null ? null : new StringContent("{}", Encoding.UTF8, type);

        using var response = await gateway.Http.SendAsync(request);

        response.StatusCode.ShouldBe(status);
        Json.Parse(await response.Content.ReadAsStringAsync()).At("error.type").GetString().ShouldBe("invalid_request_error");
        response.Content.Headers.Allow.Count.ShouldBe(status == HttpStatusCode.MethodNotAllowed ? 1 : 0);
    }

    [Theory]
    [InlineData(SubmitStatus.QueueFull, HttpStatusCode.TooManyRequests, "rate_limit_exceeded")]
    [InlineData(SubmitStatus.Unavailable, HttpStatusCode.ServiceUnavailable, "service_unavailable")]
    public async Task Request_WhenTheClusterRefusesIt_GivesRetryAfter(SubmitStatus status, HttpStatusCode expected, string code)
    {
        var cluster = ScriptedClient.Silent();
        cluster.Admit = _ => new SubmitResult(status, "Not now.", RetryAfterSeconds: 7);
        await using var gateway = await TestGateway.StartAsync(cluster);

        using var response = await gateway.PostAsync(Text, """{"model":"scout-nano","prompt":"a"}""");

        response.StatusCode.ShouldBe(expected);
        response.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(7));
        var error = Json.Parse(await response.Content.ReadAsStringAsync());
        error.At("error.code").GetString().ShouldBe(code);
        error.At("error.message").GetString().ShouldBe("Not now.");
    }

    private static async Task IsRefusedAsync(string path, string body, string param, string code)
    {
        var cluster = ScriptedClient.Saying("never");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var error = await gateway.JsonAsync(path, body, HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe(param);
        error.At("error.code").GetString().ShouldBe(code);
        error.At("error.type").GetString().ShouldBe("invalid_request_error");
        error.At("error.message").GetString().ShouldNotBeNullOrWhiteSpace();
        cluster.HasNext.ShouldBeFalse();
    }
}
