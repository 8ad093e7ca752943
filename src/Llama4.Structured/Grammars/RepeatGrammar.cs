using Llama4.Structured.Automata;

namespace Llama4.Structured.Grammars;

/// <summary>A piece several times, with another between them. Counting is part of the position, so bounds cost nothing.</summary>
/// <param name="separator">What stands between two; null for nothing.</param>
/// <param name="max">How often at most; null for any number.</param>
internal sealed class RepeatGrammar(Grammar part, Grammar? separator, int min, int? max) : Grammar
{
    /// <summary>A position is 2 n in the n-th part, from 1 on, 2 n + 1 in the separator behind it.</summary>
    internal override void Enter(Frame? parent, Closure closure)
    {
        End(0, parent, closure);
        if (max != 0)
        {
            EnterPart(0, parent, closure);
        }
    }

    internal override void Resume(int position, int tag, Frame? parent, Closure closure)
    {
        var count = position / 2;
        if (position % 2 == 1)
        {
            EnterPart(count, parent, closure);
            return;
        }

        End(count, parent, closure);
        if (count == max)
        {
            return;
        }

        if (separator is null)
        {
            EnterPart(count, parent, closure);
        }
        else
        {
            separator.Enter(closure.Push(this, (2 * count) + 1, parent), closure);
        }
    }

    private void End(int count, Frame? parent, Closure closure)
    {
        if (count >= min)
        {
            closure.End(0, parent);
        }
    }

    private void EnterPart(int count, Frame? parent, Closure closure) =>
        part.Enter(closure.Push(this, 2 * (max is null ? Math.Min(count + 1, Math.Max(min, 1)) : count + 1), parent), closure);
}
