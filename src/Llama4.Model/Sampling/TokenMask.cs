using System.Numerics;

namespace Llama4.Model;

/// <summary>Which tokens a draw may give. What is not allowed is never drawn, whatever bias and penalties say; log-probabilities do not know of it.</summary>
/// <param name="words">Bit <c>id % 32</c> of word <c>id / 32</c> allows an id; ids beyond are not allowed. Borrowed. Empty allows all.</param>
public readonly ref struct TokenMask(ReadOnlySpan<uint> words)
{
    private readonly ReadOnlySpan<uint> _words = words;

    /// <summary>Whether everything is allowed.</summary>
    public bool AllowsAll => _words.IsEmpty;

    /// <summary>Sets what is not allowed to -infinity.</summary>
    /// <param name="logits">[vocab].</param>
    internal void Apply(Span<double> logits)
    {
        for (var first = 0; first < logits.Length; first += 32)
        {
            var word = first / 32 < _words.Length ? _words[first / 32] : 0;
            var some = logits[first..Math.Min(first + 32, logits.Length)];
            if (word == 0)
            {
                some.Fill(double.NegativeInfinity);
                continue;
            }
            for (var forbidden = ~word & (uint)((1L << some.Length) - 1); forbidden != 0; forbidden &= forbidden - 1)
                some[BitOperations.TrailingZeroCount(forbidden)] = double.NegativeInfinity;
        }
    }
}
