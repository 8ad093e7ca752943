using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Responses;

/// <summary>Log-probabilities are those of what a response says: its calls have no place for them.</summary>
public class CallsAndLogprobsTests
{
    private const string Call = "[now(zone=\"CET\")]";

    /// <summary>Freely drawn a call is told at the end, one that must be made as it comes; in both the last token may come with the end.</summary>
    [Theory]
    [InlineData(false, "auto", FinishReason.Stop)]
    [InlineData(true, "auto", FinishReason.Stop)]
    [InlineData(false, "required", FinishReason.Stop)]
    [InlineData(true, "required", FinishReason.Stop)]
    [InlineData(false, "required", FinishReason.Length)]
    [InlineData(true, "required", FinishReason.Length)]
    public async Task Call_WithLogprobs_IsTheOnlyItem(bool stream, string choice, FinishReason finish)
    {
        await using var gateway = await TestGateway.StartAsync(new ScriptedClient(generation =>
        {
            var ids = ScoutNano.Tokenizer.Encode(finish == FinishReason.Stop ? Call : Call[..^3]);
            foreach (var (i, id) in ids.Index())
            {
                generation.Token(id, finish == FinishReason.Length && i == ids.Length - 1 ? finish : null, logprob: -1, top: []);
            }

            if (finish == FinishReason.Stop)
            {
                generation.End(finish);
            }
        }));
        var body = $$"""
            {"model":"scout-nano","input":"x","tools":[{"type":"function","name":"now"}],"tool_choice":"{{choice}}",
             "include":["message.output_text.logprobs"],"stream":{{(stream ? "true" : "false")}}}
            """;

        var response = stream ? await LastAsync(gateway, body) : await gateway.JsonAsync("/v1/responses", body);

        response.At("status").GetString().ShouldBe(finish == FinishReason.Stop ? "completed" : "incomplete");
        response.At("output").GetArrayLength().ShouldBe(1);
        response.At("output.0.type").GetString().ShouldBe("function_call");
        response.At("output.0.status").GetString().ShouldBe(finish == FinishReason.Stop ? "completed" : "incomplete");
        response.At("output.0.arguments").GetString().ShouldBe(finish == FinishReason.Stop ? "{\"zone\": \"CET\"}" : "{\"zone\": \"CET");
    }

    private static async Task<JsonElement> LastAsync(TestGateway gateway, string body)
    {
        using var answer = await gateway.PostAsync("/v1/responses", body, stream: true);
        var events = (await answer.Content.ReadAsStringAsync()).TrimEnd().Split("\n\n");
        return Json.Parse(events[^1].Split('\n')[1]["data: ".Length..]).At("response");
    }
}
