using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>The last tokens of prompt and answer together: what penalties look back to.</summary>
internal readonly ref struct LastTokens
{
    /// <param name="count">How many, where there are so many.</param>
    public LastTokens(in TokenDraw draw, int count)
    {
        Output = draw.Output.Span[Math.Max(0, draw.Output.Length - count)..];
        Prompt = draw.Prompt.Span[Math.Max(0, draw.Prompt.Length - (count - Output.Length))..];
    }

    /// <summary>Those of the prompt; empty where the answer alone has enough.</summary>
    public ReadOnlySpan<int> Prompt { get; }

    public ReadOnlySpan<int> Output { get; }

    public int Count => Prompt.Length + Output.Length;

    /// <param name="ids">[<see cref="Count"/>], the last token first.</param>
    public void CopyReversed(Span<int> ids)
    {
        Output.CopyTo(ids);
        ids[..Output.Length].Reverse();
        Prompt.CopyTo(ids[Output.Length..]);
        ids[Output.Length..].Reverse();
    }
}
