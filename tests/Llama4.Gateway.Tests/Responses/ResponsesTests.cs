using System.Net;
using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Responses;

public class ResponsesTests
{
    private const string Path = "/v1/responses";
    private const string Tools = "\"tools\":[{\"type\":\"function\",\"name\":\"now\",\"parameters\":{\"type\":\"object\",\"properties\":{}}}]";

    [Fact]
    public async Task Response_OfText_HasOneMessageAndSaysNothingIsStored()
    {
        var cluster = ScriptedClient.Saying("Paris.");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var response = await gateway.JsonAsync(Path, Request("\"Capital of France?\"", ",\"instructions\":\"Be brief.\",\"store\":true,\"temperature\":0"));

        response.At("object").GetString().ShouldBe("response");
        response.At("id").GetString()!.ShouldStartWith("resp_");
        response.At("status").GetString().ShouldBe("completed");
        response.At("completed_at").GetInt64().ShouldBeGreaterThan(0);
        response.At("output").GetArrayLength().ShouldBe(1);
        response.At("output.0.type").GetString().ShouldBe("message");
        response.At("output.0.status").GetString().ShouldBe("completed");
        response.At("output.0.content.0.type").GetString().ShouldBe("output_text");
        response.At("output.0.content.0.text").GetString().ShouldBe("Paris.");
        response.At("store").GetBoolean().ShouldBeFalse();
        response.At("temperature").GetDouble().ShouldBe(0);
        response.At("instructions").GetString().ShouldBe("Be brief.");
        response.At("error").ValueKind.ShouldBe(JsonValueKind.Null);
        var request = (await cluster.NextAsync()).Request;
        response.At("usage.input_tokens").GetInt32().ShouldBe(request.Prompt.Length);
        response.At("usage.output_tokens").GetInt32().ShouldBe(ScoutNano.Tokenizer.Encode("Paris.").Length + 1);
        response.At("usage.total_tokens").GetInt32().ShouldBe(request.Prompt.Length + ScoutNano.Tokenizer.Encode("Paris.").Length + 1);
        ScoutNano.Tokenizer.Decode(request.Prompt).ShouldBe(
            "<|begin_of_text|><|header_start|>system<|header_end|>\n\nBe brief.<|eot|><|header_start|>user<|header_end|>\n\nCapital of France?<|eot|>"
            + "<|header_start|>assistant<|header_end|>\n\n");
    }

    [Fact]
    public async Task Dialog_OfItems_IsThePromptThatChatMakesOfIt()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, Request("""
            [{"role":"developer","content":"Be brief."},
             {"type":"message","role":"user","content":[{"type":"input_text","text":"What time?"}]},
             {"type":"reasoning","id":"rs_1","summary":[]},
             {"type":"message","role":"assistant","content":[{"type":"output_text","text":"Let me look.","annotations":[]}]},
             {"type":"function_call","call_id":"c1","name":"now","arguments":"{\"zone\":\"CET\"}"},
             {"type":"function_call","call_id":"c2","name":"now","arguments":"{}"},
             {"type":"function_call_output","call_id":"c1","output":"12:00"},
             {"type":"function_call_output","call_id":"c2","output":"11:00"}]
            """, "," + Tools));
        await gateway.JsonAsync("/v1/chat/completions", """
            {"model":"scout-nano","tools":[{"type":"function","function":{"name":"now","parameters":{"type":"object","properties":{}}}}],
             "messages":[{"role":"developer","content":"Be brief."},{"role":"user","content":"What time?"},
              {"role":"assistant","content":"Let me look.","tool_calls":[
                {"id":"c1","type":"function","function":{"name":"now","arguments":"{\"zone\":\"CET\"}"}},
                {"id":"c2","type":"function","function":{"name":"now","arguments":"{}"}}]},
              {"role":"tool","tool_call_id":"c1","content":"12:00"},{"role":"tool","tool_call_id":"c2","content":"11:00"}]}
            """);

        var prompt = (await cluster.NextAsync()).Request.Prompt;

        ScoutNano.Tokenizer.Decode(prompt).ShouldBe(ScoutNano.Tokenizer.Decode((await cluster.NextAsync()).Request.Prompt));
    }

    [Fact]
    public async Task Stream_OfText_HasTheWholeSequenceOfEvents()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("The capital"));
        var tokens = ScoutNano.Tokenizer.Encode("The capital").Length;

        var events = await gateway.ResponseEventsAsync(Request("\"x\"", ",\"stream\":true"));

        events.Select(one => one.At("type").GetString()).ShouldBe(
        [
            "response.created", "response.in_progress", "response.output_item.added", "response.content_part.added",
            .. Enumerable.Repeat("response.output_text.delta", tokens),
            "response.output_text.done", "response.content_part.done", "response.output_item.done", "response.completed",
        ]);
        events.Select(one => one.At("sequence_number").GetInt32()).ShouldBe(Enumerable.Range(0, events.Count));
        events[0].At("response.status").GetString().ShouldBe("in_progress");
        events[0].At("response.output").GetArrayLength().ShouldBe(0);
        events[2].At("item.status").GetString().ShouldBe("in_progress");
        string.Concat(events.Where(one => one.At("type").GetString() == "response.output_text.delta").Select(one => one.At("delta").GetString())).ShouldBe("The capital");
        events[^4].At("text").GetString().ShouldBe("The capital");
        events[^2].At("item.content.0.text").GetString().ShouldBe("The capital");
        events[^1].At("response.status").GetString().ShouldBe("completed");
        events[^1].At("response.output.0").ToString().ShouldBe(events[^2].At("item").ToString());
        events[^1].At("response.usage.output_tokens").GetInt32().ShouldBe(tokens + 1);
        events.Where(one => one.TryGetProperty("item_id", out _)).Select(one => one.At("item_id").GetString()).Distinct().Count().ShouldBe(1);
    }

    /// <summary>A call that must be made is certain from its first token on: its arguments come as they are generated.</summary>
    [Fact]
    public async Task Call_ThatMustBeMade_IsStreamedInPieces()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("[now(zone=\"Central European Time\")]"));

        var events = await gateway.ResponseEventsAsync(Request("\"x\"", $",{Tools},\"tool_choice\":\"required\",\"stream\":true"));

        var deltas = events.Where(one => one.At("type").GetString() == "response.function_call_arguments.delta").Select(one => one.At("delta").GetString()).ToList();
        deltas.Count.ShouldBeGreaterThan(2);
        var done = events.Single(one => one.At("type").GetString() == "response.function_call_arguments.done").At("arguments").GetString();
        done.ShouldBe("{\"zone\": \"Central European Time\"}");
        string.Concat(deltas).ShouldBe(done);
        events[^1].At("response.output.0.arguments").GetString().ShouldBe(done);
    }

    [Fact]
    public async Task Calls_AreItemsOfTheirOwn()
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("[now(zone=\"CET\"), now()]"));

        var response = await gateway.JsonAsync(Path, Request("\"x\"", "," + Tools));
        var events = await gateway.ResponseEventsAsync(Request("\"x\"", $",{Tools},\"stream\":true"));

        response.At("output").GetArrayLength().ShouldBe(2);
        response.At("output.0.type").GetString().ShouldBe("function_call");
        response.At("output.0.name").GetString().ShouldBe("now");
        response.At("output.0.arguments").GetString().ShouldBe("{\"zone\": \"CET\"}");
        response.At("output.0.call_id").GetString()!.ShouldStartWith("call_");
        response.At("output.1.call_id").GetString().ShouldNotBe(response.At("output.0.call_id").GetString());
        response.At("status").GetString().ShouldBe("completed");
        string[] call = ["response.output_item.added", "response.function_call_arguments.delta", "response.function_call_arguments.done", "response.output_item.done"];
        events.Select(one => one.At("type").GetString()).ShouldBe(["response.created", "response.in_progress", .. call, .. call, "response.completed"]);
        events[2].At("item.arguments").GetString().ShouldBe("");
        events[3].At("delta").GetString().ShouldBe("{\"zone\": \"CET\"}");
        events[6].At("output_index").GetInt32().ShouldBe(1);
        events[^1].At("response.output").GetArrayLength().ShouldBe(2);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_WhenItIsCutOff_IsIncomplete(bool stream)
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Text("The");
            generation.End(FinishReason.Length);
        }));

        var response = await gateway.ResponseAsync(Request("\"x\"", ",\"max_output_tokens\":1"), stream);

        response.At("status").GetString().ShouldBe("incomplete");
        response.At("incomplete_details.reason").GetString().ShouldBe("max_output_tokens");
        response.At("output.0.status").GetString().ShouldBe("incomplete");
        response.At("completed_at").ValueKind.ShouldBe(JsonValueKind.Null);
        response.At("max_output_tokens").GetInt32().ShouldBe(1);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Answer_WhenNothingIsSaid_HasAnEmptyMessage(bool stream)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying(""));

        var response = await gateway.ResponseAsync(Request("\"x\""), stream);

        response.At("output.0.content.0.text").GetString().ShouldBe("");
    }

    [Fact]
    public async Task Stream_WhenTheClusterFails_EndsWithFailed()
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Text("The");
            generation.End(FinishReason.Error, "Lost.");
        }));

        var last = (await gateway.ResponseEventsAsync(Request("\"x\"", ",\"stream\":true")))[^1];

        last.At("type").GetString().ShouldBe("response.failed");
        last.At("response.status").GetString().ShouldBe("failed");
        last.At("response.error.code").GetString().ShouldBe("server_error");
        last.At("response.error.message").GetString().ShouldBe("Lost.");
    }

    [Fact]
    public async Task Logprobs_WhenTheyAreAskedFor_AreInEventsAndParts()
    {
        var ids = ScoutNano.Tokenizer.Encode("ab");
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            generation.Token(ids[0], FinishReason.Length, logprob: -0.5, top: [new(ids[0], -0.5), new(5, -2)]);
        }));
        const string Asked = ",\"include\":[\"message.output_text.logprobs\"],\"top_logprobs\":2";

        var response = await gateway.JsonAsync(Path, Request("\"x\"", Asked));
        var events = await gateway.ResponseEventsAsync(Request("\"x\"", Asked + ",\"stream\":true"));

        response.At("output.0.content.0.logprobs.0.logprob").GetDouble().ShouldBe(-0.5);
        response.At("output.0.content.0.logprobs.0.top_logprobs").GetArrayLength().ShouldBe(2);
        response.At("top_logprobs").GetInt32().ShouldBe(2);
        events.Single(one => one.At("type").GetString() == "response.output_text.delta").At("logprobs.0.logprob").GetDouble().ShouldBe(-0.5);
    }

    [Theory]
    [InlineData("\"x\"", ",\"previous_response_id\":\"resp_1\"", "previous_response_id", "unsupported_parameter")]
    [InlineData("\"x\"", ",\"max_output_tokens\":0", "max_output_tokens", "invalid_value")]
    [InlineData("\"x\"", ",\"max_output_tokens\":5000", "input", "context_length_exceeded")]
    [InlineData("\"x\"", ",\"temperature\":-3", "temperature", "invalid_value")]
    [InlineData("\"x\"", ",\"tools\":[{\"type\":\"web_search\"}]", "tools[0].type", "unsupported_parameter")]
    [InlineData("\"x\"", ",\"tools\":[{\"type\":\"function\",\"name\":\"a b\"}]", "tools[0].name", "invalid_value")]
    [InlineData("\"x\"", ",\"tool_choice\":\"required\"", "tool_choice", "invalid_value")]
    [InlineData("\"x\"", ",\"text\":{\"verbosity\":\"low\"}", "text.verbosity", "unsupported_parameter")]
    [InlineData("\"x\"", ",\"text\":{\"format\":7}", "text.format", "invalid_type")]
    [InlineData("\"x\"", ",\"include\":[\"file_search_call.results\"]", "include", "unsupported_parameter")]
    [InlineData("\"x\"", ",\"n\":2", "n", "unsupported_parameter")]
    [InlineData("\"x\"", ",\"modalities\":[\"audio\"]", "modalities", "unsupported_parameter")]
    [InlineData("\"x\"", ",\"max_tokens\":-2", "max_tokens", "invalid_value")]
    [InlineData("\"x\"", ",\"logprobs\":7", "logprobs", "invalid_type")]
    [InlineData("\"x\"", ",\"response_format\":{\"type\":7}", "response_format.type", "invalid_type")]
    [InlineData("\"x\"", ",\"response_format\":{\"type\":\"json_object\"},\"text\":{\"format\":{\"type\":\"json_object\"}}", "response_format", "invalid_value")]
    [InlineData("\"x\"", ",\"guided_regex\":\"x\",\"text\":{\"format\":{\"type\":\"json_object\"}}", "guided_regex", "invalid_value")]
    [InlineData("[]", "", "input", "invalid_value")]
    [InlineData("7", "", "input", "invalid_type")]
    [InlineData("[7]", "", "input[0]", "invalid_type")]
    [InlineData("[{\"type\":\"item_reference\",\"id\":\"x\"}]", "", "input[0].type", "unsupported_parameter")]
    [InlineData("[{\"role\":\"wizard\",\"content\":\"x\"}]", "", "input[0].role", "invalid_value")]
    [InlineData("[{\"role\":\"user\"}]", "", "input[0].content", "missing_required_parameter")]
    [InlineData("[{\"role\":\"user\",\"content\":[{\"type\":\"input_file\"}]}]", "", "input[0].content[0].type", "unsupported_parameter")]
    [InlineData("[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"file_id\":\"f\"}]}]", "", "input[0].content[0].file_id", "unsupported_parameter")]
    [InlineData("[{\"role\":\"user\",\"content\":[{\"type\":\"input_image\",\"image_url\":\"data:,\"}]}]", ",\"instructions\":\"y\"", "input[0].content[0]", "invalid_value")]
    [InlineData("[{\"role\":\"user\",\"content\":\"x\"},{\"type\":\"function_call\",\"call_id\":\"c\",\"name\":\"f\",\"arguments\":\"[1\"}]", "", "input[1].arguments", "invalid_value")]
    [InlineData("[{\"type\":\"function_call\",\"call_id\":\"c\",\"arguments\":\"{}\"}]", "", "input[0].name", "missing_required_parameter")]
    [InlineData("[{\"type\":\"function_call_output\",\"call_id\":\"c\"}]", "", "input[0].output", "missing_required_parameter")]
    [InlineData("\"\\ud800\"", "", "input", "invalid_value")]
    [InlineData("[{\"role\":\"user\",\"content\":\"\\ud800\"}]", "", "input[0].content", "invalid_value")]
    public async Task Request_WhenAFieldIsWrong_NamesItAsItWasSent(string input, string more, string param, string code)
    {
        var cluster = ScriptedClient.Saying("never");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var error = await gateway.JsonAsync(Path, Request(input, more), HttpStatusCode.BadRequest);

        error.At("error.param").GetString().ShouldBe(param);
        error.At("error.code").GetString().ShouldBe(code);
        error.At("error.message").GetString()!.ShouldNotContain("messages[");
        error.At("error.message").GetString()!.Contains("response_format").ShouldBe(more.Contains("response_format"));
        cluster.HasNext.ShouldBeFalse();
    }

    [Theory]
    [InlineData("\"sometimes\"")]
    [InlineData("{\"type\":\"function\",\"name\":\"later\"}")]
    public async Task ToolChoice_WhenItIsWrong_IsToldAsItIsWrittenHere(string choice)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Silent());

        var error = await gateway.JsonAsync(Path, Request("\"x\"", $",{Tools},\"tool_choice\":{choice}"), HttpStatusCode.BadRequest);

        error.At("error.message").GetString()!.ShouldEndWith("""{"type":"function","name":...}.""");
        error.GetRawText().ShouldStartWith("""{"error":{"message":"'tool_choice' must """); // and is legible where it is printed
    }

    /// <summary>Settings that are chat's alone in OpenAI's API mean here what they mean there.</summary>
    [Fact]
    public async Task Settings_OfChat_AreFollowed()
    {
        var cluster = ScriptedClient.Saying("One, two, three.");
        await using var gateway = await TestGateway.StartAsync(cluster);

        var response = await gateway.JsonAsync(Path, Request("\"x\"", """
            ,"seed":7,"top_k":5,"min_p":0.1,"presence_penalty":0.5,"frequency_penalty":0.25,"repetition_penalty":1.5,"logit_bias":{"5":1},"min_tokens":1,
            "max_tokens":20,"stop":[", three"],"stop_token_ids":[9],"guided_regex":"[A-Z].*","logprobs":true,"return_tokens_as_token_ids":true
            """));

        response.At("output.0.content.0.text").GetString().ShouldBe("One, two");
        response.At("output.0.content.0.logprobs.0.token").GetString()!.ShouldStartWith("token_id:");
        response.At("max_output_tokens").GetInt32().ShouldBe(20);
        var request = (await cluster.NextAsync()).Request;
        request.Seed.ShouldBe(7UL);
        request.TokensMax.ShouldBe(20);
        request.TokensMin.ShouldBe(1);
        request.StopIds.ShouldContain(9);
        request.Constraint!.Text.ShouldBe("[A-Z].*");
        var sampling = request.Sampling;
        (sampling.TopK, sampling.MinP, sampling.PresencePenalty, sampling.FrequencyPenalty, sampling.RepetitionPenalty).ShouldBe((5, 0.1, 0.5, 0.25, 1.5));
        sampling.LogitBias!.ShouldHaveSingleItem().ShouldBe(new(5, 1));
    }

    [Fact]
    public async Task OutputTokens_GoBeforeChatsNamesOfThem()
    {
        var cluster = ScriptedClient.Saying("x");
        await using var gateway = await TestGateway.StartAsync(cluster);

        await gateway.JsonAsync(Path, Request("\"x\"", ",\"max_tokens\":7,\"max_completion_tokens\":8,\"max_output_tokens\":9"));
        await gateway.JsonAsync(Path, Request("\"x\"", ",\"max_tokens\":7,\"max_completion_tokens\":8"));

        (await cluster.NextAsync()).Request.TokensMax.ShouldBe(9);
        (await cluster.NextAsync()).Request.TokensMax.ShouldBe(8);
    }

    private static string Request(string input, string more = "") => $$"""{"model":"scout-nano","input":{{input}}{{more}}}""";
}
