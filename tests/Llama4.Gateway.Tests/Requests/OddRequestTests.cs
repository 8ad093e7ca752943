using System.Net;
using System.Text.Json;
using CsCheck;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Requests;

/// <summary>Whatever a client sends, it gets an answer or its mistake, never a failure of the gateway.</summary>
public class OddRequestTests
{
    private const string Chat = "/v1/chat/completions";
    private const string Text = "/v1/completions";

    private static readonly string[] Fields =
    [
        "model", "messages", "prompt", "stream", "stream_options", "temperature", "top_p", "top_k", "min_p", "presence_penalty", "frequency_penalty",
        "repetition_penalty", "logit_bias", "seed", "stop", "stop_token_ids", "ignore_eos", "max_tokens", "max_completion_tokens", "n", "best_of", "echo",
        "suffix", "logprobs", "top_logprobs", "user", "store", "metadata", "service_tier", "tools", "tool_choice", "functions", "function_call",
        "response_format", "modalities", "parallel_tool_calls", "n_predict", "truncate_prompt_tokens", "continue_final_message", "add_generation_prompt",
        "include_stop_str_in_output", "skip_special_tokens", "return_tokens_as_token_ids", "add_special_tokens", "repeat_penalty", "typical_p", "chat_template", "input", "instructions",
        "max_output_tokens", "text", "include", "truncation", "content", "tokens", "with_pieces", "return_token_strs", "", "unheard_of", "\\ud800", "mod\\u0065l",
    ];

    private static readonly string[] Values =
    [
        """[{"role":"user","content":[{"type":"input_text","text":"\ud800"}]}]""", """[{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":\"\ud800\"}"}]""",
        """[{"type":"function_call_output","call_id":"c","output":[{"type":"input_text","text":"x"}]}]""", """{"format":{"type":"\ud800"}}""", """[{"type":"function","name":"\ud800"}]""",
        """{"format":{"type":"json_schema","schema":{"\ud800":1}}}""", """["message.output_text.logprobs"]""", """{"type":"function","name":"\ud800"}""",
        "null", "true", "false", "0", "-0", "1", "-1", "2", "0.5", "1e0", "1e2", "1e-400", "1e400", "-1e400", "9223372036854775807", "9223372036854775808",
        "-9223372036854775808", "123456789012345678901234567890", "\"\"", "\"x\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\udc00x\"", "\"😀\"", "\"auto\"",
        "\"scout-nano\"", "[]", "[null]", "[1]", "[1,2]", "[1.5]", "[-1]", "[\"\"]", "[\"a\",\"b\"]", "[\"\\ud800\"]", "[[]]", "[[1],[2]]", "[[\"a\"]]",
        "[{}]", "{}", "{\"\":1}", "{\"1\":1}", "{\"1\":\"x\"}", "{\"-1\":1}", "{\"\\ud800\":1}", "{\"include_usage\":true}", "{\"include_usage\":1}",
        "{\"type\":\"text\"}", "{\"type\":\"\\ud800\"}", "{\"a\\ud800\":1,\"type\":\"text\"}", "[\"text\"]",
        """[{"role":"user","content":"x"}]""", """[{"role":"user","content":""}]""", """[{"role":"user","content":[]}]""",
        """[{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":""}]}]""", """[{"role":"user","content":null}]""",
        """[{"role":"assistant","content":null,"tool_calls":null}]""", """[{"role":"assistant","content":"","tool_calls":[{}]}]""",
        """[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":\"\\ud800\"}"}}]}]""",
        """[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":{"\ud800":1}}}]}]""",
        """[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":1e999,\"a\":[[[]]]}"}}]}]""",
        """[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":[{\"\\ud800\":1}]}"}}]}]""",
        new string('[', 60) + new string(']', 60), new string('[', 100) + new string(']', 100),
        $$$"""[{"role":"assistant","tool_calls":[{"function":{"name":"f","arguments":"{\"a\":{{{new string('[', 100)}}}{{{new string(']', 100)}}}}"}}]}]""",
        """[{"role":"system","\ud800":1,"content":"x"}]""", """[{"role":"tool","content":"x"},{"role":"developer","content":"y"}]""",
    ];

    [Theory]
    [InlineData(Chat, "\"messages\":[{\"role\":\"user\",\"content\":\"x\"}]")]
    [InlineData(Text, "\"prompt\":\"x\"")]
    [InlineData("/v1/responses", "\"input\":\"x\"")]
    [InlineData("/tokenize", "\"prompt\":\"x\"")]
    [InlineData("/detokenize", "\"tokens\":[5]")]
    public async Task Request_WhateverItsFields_IsAnsweredOrRefused(string path, string asked)
    {
        await using var gateway = await TestGateway.StartAsync(ScriptedClient.Saying("ok"));
        var field = Gen.Select(Gen.Int[0, Fields.Length - 1], Gen.Int[0, Values.Length - 1]).Select((name, value) => $",\"{Fields[name]}\":{Values[value]}");

        await field.Array[1, 4].SampleAsync(
            async fields =>
            {
                var body = $"{{\"model\":\"scout-nano\",{asked}{string.Concat(fields)}}}";
                using var response = await gateway.PostAsync(path, body);
                var answer = await response.Content.ReadAsStringAsync();
                if (response.IsSuccessStatusCode)
                {
                    (answer.Contains("\"choices\"") || answer.Contains("\"output\"") || answer.Contains("\"tokens\"") || answer.Contains("\"content\"") || answer.Contains("response.completed"))
                        .ShouldBeTrue(answer);
                    answer.ShouldNotContain("\"error\":{");
                    return;
                }

                ((int)response.StatusCode).ShouldBeInRange(400, 404, $"{body}: {answer}");
                Json.Parse(answer).At("error.code").GetString().ShouldNotBeNull();
            },
            iter: 2000,
            threads: 1);
    }
}
