using Llama4.Contracts;

namespace Llama4.Gateway.Answers;

/// <summary>What the answers to a prompt begin with, before anything that was generated.</summary>
/// <param name="Offsets">[prompt] Where each token of the prompt stands in the text, in characters (code points), if the answers' log-probabilities begin with theirs; else null.</param>
internal sealed record Opening(string Text, int[]? Offsets = null);

/// <summary>The tokens of a prompt at the head of an answer's log-probabilities.</summary>
/// <param name="offsets">As <see cref="Opening.Offsets"/>.</param>
/// <param name="top">How many best ids are shown; the report may have more.</param>
internal sealed class EchoedTokens(PromptReport report, int[] offsets, int top)
{
    public PromptReport Report => report;

    /// <summary>All of them, once the report is complete. The first has no log-probability.</summary>
    public IEnumerable<LoggedToken> Tokens() => report.Ids.Select((id, i) => new LoggedToken(
        new TokenChunk { Request = Guid.Empty, Token = id, Logprob = report[i]?.Logprob, TopLogprobs = report[i] is { } told ? told.Top[..Math.Min(top, told.Top.Length)] : null },
        offsets[i]));
}
