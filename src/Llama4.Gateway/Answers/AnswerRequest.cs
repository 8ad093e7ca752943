using Llama4.Contracts;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Answers;

/// <summary>A checked request: what to generate, and in which form to answer.</summary>
/// <param name="Fields">What chat and text completions share.</param>
/// <param name="Prompts">Token ids; each gets <see cref="GenerationFields.Choices"/> answers.</param>
/// <param name="PromptParam">The field they came from, for errors.</param>
/// <param name="TokensMaxDefault">Most tokens of an answer where the request gives none; null for what the context leaves.</param>
/// <param name="TopLogprobs">Null for no logprobs.</param>
/// <param name="Format">Chat or text.</param>
internal sealed record AnswerRequest(
    GenerationFields Fields, IReadOnlyList<int[]> Prompts, string PromptParam, int? TokensMaxDefault, int? TopLogprobs, IAnswerFormat Format)
{
    /// <summary>What the answer may call.</summary>
    public ToolFields Tools { get; init; } = ToolFields.None;

    /// <summary>What the answers must look like; null for any text.</summary>
    public DecodingConstraint? Constraint { get; init; }

    /// <summary>What the answers to each prompt begin with, before anything that was generated; null for nothing.</summary>
    public IReadOnlyList<Opening>? Openings { get; init; }

    /// <summary>How many best log-probabilities are told of each token of the prompts; null for none at all.</summary>
    public int? PromptLogprobs => (EchoedLogprobs, Fields.PromptLogprobs) is ({ } echoed, { } asked) ? Math.Max(echoed, asked) : EchoedLogprobs ?? Fields.PromptLogprobs;

    /// <summary>Of those, how many are shown in the log-probabilities of an answer that begins with its prompt.</summary>
    private int? EchoedLogprobs => Openings is [{ Offsets: not null }, ..] ? TopLogprobs : null;

    /// <summary>The one prompt as text, where the answer is to tell it.</summary>
    public string? PromptText { get; init; }

    /// <summary>Pictures in the one prompt.</summary>
    public RequestImage[] Images { get; init; } = [];
}
