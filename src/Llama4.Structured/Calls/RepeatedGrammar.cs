using Llama4.Structured.Automata;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Calls;

/// <summary>A piece once or more often.</summary>
/// <param name="item">Not empty.</param>
/// <param name="separator">Between two of them.</param>
/// <param name="most">How often at most; null for no bound.</param>
internal sealed class RepeatedGrammar(Grammar item, Grammar separator, int? most) : Grammar
{
    private static readonly TextLexeme End = TextLexeme.Of(""u8);

    internal override void Enter(Frame? parent, Closure closure) => EnterItem(0, parent, closure);

    /// <summary>A position is 2 n in the n-th item, 2 n + 1 in the separator behind it; without a bound n is not counted.</summary>
    internal override void Resume(int position, int tag, Frame? parent, Closure closure)
    {
        var count = position / 2;
        if (position % 2 == 1)
        {
            EnterItem(count, parent, closure);
            return;
        }

        closure.Start(End, parent);
        if (count != most)
        {
            separator.Enter(closure.Push(this, (2 * count) + 1, parent), closure);
        }
    }

    private void EnterItem(int before, Frame? parent, Closure closure) =>
        item.Enter(closure.Push(this, 2 * (most is null ? 1 : before + 1), parent), closure);
}
