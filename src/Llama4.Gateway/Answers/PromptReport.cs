using Llama4.Contracts;

namespace Llama4.Gateway.Answers;

/// <summary>What the cluster has told so far of the tokens of a prompt whose log-probabilities are asked for.</summary>
/// <param name="ids">Of the prompt.</param>
internal sealed class PromptReport(int[] ids)
{
    private readonly List<PromptLogprob> _told = [];

    public IReadOnlyList<int> Ids => ids;

    /// <summary>Of all tokens but the first, which nothing is before.</summary>
    public bool IsComplete => _told.Count == ids.Length - 1;

    /// <summary>Null for the first token.</summary>
    /// <param name="index">Of a token in the prompt; it must have been told of.</param>
    public PromptLogprob? this[int index] => index == 0 ? null : _told[index - 1];

    /// <summary>Takes in what a chunk tells.</summary>
    /// <exception cref="InvalidOperationException">Something is missing before it, or the answer began before all was told.</exception>
    public void Take(TokenChunk chunk)
    {
        if (chunk.Prompt is { } next)
        {
            if (next.First != 1 + _told.Count || next.End > ids.Length)
            {
                throw new InvalidOperationException($"Of a prompt of {ids.Length} tokens {_told.Count} log-probabilities are known, and those of {next.First} to {next.End - 1} came.");
            }

            _told.AddRange(next.Tokens);
        }

        if (!IsComplete && (chunk.Token is not null || chunk.Finish is FinishReason.Stop or FinishReason.Length))
        {
            throw new InvalidOperationException($"The answer came with {_told.Count} log-probabilities of a prompt of {ids.Length} tokens.");
        }
    }
}
