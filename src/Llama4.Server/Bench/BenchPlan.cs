namespace Llama4.Server.Bench;

/// <summary>What is measured.</summary>
/// <param name="PromptTokens">Lengths of prompts whose prefill is measured; answers are decoded behind one of the first length.</param>
/// <param name="AnswerTokens">Tokens decoded by each sequence.</param>
/// <param name="Concurrency">Numbers of sequences that decode at once.</param>
internal sealed record BenchPlan(IReadOnlyList<int> PromptTokens, int AnswerTokens, IReadOnlyList<int> Concurrency)
{
    public int SequencesMax => Concurrency.Max();

    /// <summary>Positions that a sequence may take.</summary>
    public int PositionsMax => Math.Max(PromptTokens.Max() + 1, PromptTokens[0] + AnswerTokens);
}
