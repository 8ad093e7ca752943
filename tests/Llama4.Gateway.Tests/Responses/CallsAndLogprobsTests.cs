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
             "include":["message.output_text.logprobs"]}
            """;

        var response = await gateway.ResponseAsync(body, stream);

        response.At("status").GetString().ShouldBe(finish == FinishReason.Stop ? "completed" : "incomplete");
        response.At("output").GetArrayLength().ShouldBe(1);
        response.At("output.0.type").GetString().ShouldBe("function_call");
        response.At("output.0.status").GetString().ShouldBe(finish == FinishReason.Stop ? "completed" : "incomplete");
        response.At("output.0.arguments").GetString().ShouldBe(finish == FinishReason.Stop ? "{\"zone\": \"CET\"}" : "{\"zone\": \"CET");
    }
}
