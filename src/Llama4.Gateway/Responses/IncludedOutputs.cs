using System.Text.Json;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>The field include.</summary>
/// <param name="Logprobs">Log-probabilities are told.</param>
internal readonly record struct IncludedOutputs(bool Logprobs)
{
    /// <exception cref="ApiError">It asks for what there is not.</exception>
    public static IncludedOutputs Read(RequestFields fields)
    {
        if (fields.Find("include") is not { } include)
        {
            return default;
        }

        if (include.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.WrongType("include", "an array of strings", RequestFields.Name(include));
        }

        var logprobs = false;
        foreach (var one in include.EnumerateArray())
        {
            logprobs |= RequestFields.Text("include", one) switch
            {
                "message.output_text.logprobs" => true,
                "reasoning.encrypted_content" => false, // clients of reasoning models ask for it always; here there is no reasoning
                _ => throw ApiError.NotSupported("'include' may name message.output_text.logprobs; other outputs are not made here.", "include"),
            };
        }

        return new IncludedOutputs(logprobs);
    }
}
