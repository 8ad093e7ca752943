using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>The next token of one sequence, or its end, or both, and what is known now of its prompt: what becomes a <see cref="TokenChunk"/>.</summary>
/// <param name="Sequence">The scheduler's number; unknown to it once <paramref name="Finish"/> is set.</param>
/// <param name="LogitRow">Index into the tokens given to Commit (and the step's LogitRows); −1 when no token was to be sampled.</param>
/// <param name="Index">0-based index of the token in the answer; without a token, the number of tokens in it.</param>
/// <param name="CachedTokens">Prompt tokens taken from the prefix cache.</param>
public readonly record struct Emission(
    Guid Request, long Sequence, int LogitRow, int Index, int? Token, FinishReason? Finish, int CachedTokens)
{
    /// <summary>Prompt tokens whose log-probabilities came with the step.</summary>
    public ForcedTokens Forced { get; init; }
}

/// <summary>Consecutive prompt tokens of one sequence whose log-probabilities are those of consecutive logit rows of a step.</summary>
/// <param name="LogitRow">Index of the first into the step's LogitRows.</param>
/// <param name="First">Index of the first in the prompt.</param>
public readonly record struct ForcedTokens(int LogitRow, int First, int Count);

/// <summary>What became of a request that was handed in.</summary>
/// <param name="Sequence">Its number when accepted.</param>
/// <param name="Ended">Set when it was accepted but had nothing left to generate: it is over already.</param>
public readonly record struct Submission(SubmitResult Result, long Sequence = 0, Emission? Ended = null);

/// <summary>What a failed step means for its sequences.</summary>
public enum StepFailure : byte
{
    /// <summary>The blocks still hold what earlier steps wrote: the same positions are done again in the same slots.</summary>
    Replay,

    /// <summary>As <see cref="Replay"/>, but nothing is wrong with the step: a host it went through is gone. It does not count towards the bound.</summary>
    HostLost,

    /// <summary>The sequences end with an error.</summary>
    End,
}
