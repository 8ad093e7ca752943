using System.Text.Json.Serialization;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Work;

/// <summary>Prompts of words without sense and of a given length, and answers up to a given length (of exactly that one where the fields say <c>ignore_eos</c>).</summary>
internal sealed record SyntheticPart : Part
{
    public required LengthRange PromptTokens { get; init; }

    public required LengthRange AnswerTokens { get; init; }

    [JsonIgnore]
    public override string Kind => "synthetic";

    public override string? Mistake() => PromptTokens.Mistake("prompt_tokens") ?? AnswerTokens.Mistake("answer_tokens");

    public override Session Make(Draws draws, ulong seed) =>
        new(Label, null, [new Turn(Words.Text(draws, PromptTokens.Draw(draws)), AnswerTokens.Draw(draws))], Fields);
}
