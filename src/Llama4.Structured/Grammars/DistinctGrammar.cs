using Llama4.Structured.Automata;

namespace Llama4.Structured.Grammars;

/// <summary>A JSON array of different values of a few, in any order. A position says which of them were there.</summary>
/// <param name="values">At most 16, all different.</param>
/// <param name="min">At most as many as there are values.</param>
/// <param name="max">At most as many as there are values.</param>
internal sealed class DistinctGrammar(IReadOnlyList<Grammar> values, int min, int max, Punctuation punctuation) : Grammar
{
    private const int Opened = -1;

    internal override void Enter(Frame? parent, Closure closure) => closure.Start(punctuation.OpenArray, closure.Push(this, Opened, parent));

    /// <summary>A position is twice the set of values that were there, and one more behind a comma.</summary>
    internal override void Resume(int position, int tag, Frame? parent, Closure closure)
    {
        var seen = position == Opened ? 0 : position >> 1;
        var count = System.Numerics.BitOperations.PopCount((uint)seen);
        var isComma = position != Opened && (position & 1) == 1;
        if (!isComma && count >= min)
        {
            closure.Start(punctuation.CloseArray, parent);
        }

        if (count == max)
        {
            return;
        }

        if (position != Opened && !isComma)
        {
            closure.Start(punctuation.Comma, closure.Push(this, (seen << 1) | 1, parent));
            return;
        }

        for (var i = 0; i < values.Count; i++)
        {
            if ((seen >> i & 1) == 0)
            {
                values[i].Enter(closure.Push(this, (seen | 1 << i) << 1, parent), closure);
            }
        }
    }
}
