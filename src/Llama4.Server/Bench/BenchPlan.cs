using Llama4.Cluster;

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

    /// <exception cref="UsageException">The cluster does not hold so many tokens or sequences.</exception>
    public void RefuseWhatDoesNotFit(EmbeddedCluster cluster)
    {
        if (PositionsMax > cluster.TokensMax)
        {
            throw new UsageException($"--prompt and --generate ask for {PositionsMax} tokens in a sequence; this model and its --kv-memory hold {cluster.TokensMax}.");
        }

        if (SequencesMax > cluster.Limits.SequencesMax)
        {
            throw new UsageException($"--concurrency: expected at most {cluster.Limits.SequencesMax} sequences, found {SequencesMax}.");
        }
    }
}
