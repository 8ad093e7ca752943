using Llama4.Structured.Automata;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Grammars;

/// <summary>A JSON array. Counting is part of the position, so bounds cost nothing.</summary>
internal sealed class ArrayGrammar : Grammar
{
    private const int Opened = -1;

    /// <summary>The items that have a grammar of their own, from the first on.</summary>
    public required IReadOnlyList<Grammar> Prefix { get; init; }

    /// <summary>All further items; null if there can be none.</summary>
    public required Grammar? Items { get; init; }

    public required int Min { get; init; }

    public required int? Max { get; init; }

    public required Punctuation Punctuation { get; init; }

    /// <summary>A position is 2 n after n items, 2 n + 1 after the comma behind them.</summary>
    internal override void Enter(Frame? parent, Closure closure) => closure.Start(Punctuation.OpenArray, closure.Push(this, Opened, parent));

    internal override void Resume(int position, int tag, Frame? parent, Closure closure)
    {
        if (position == Opened)
        {
            Close(0, parent, closure);
            if (Max != 0)
            {
                EnterItem(0, parent, closure);
            }

            return;
        }

        var count = position / 2;
        if (position % 2 == 1)
        {
            EnterItem(count, parent, closure);
            return;
        }

        Close(count, parent, closure);
        if (count != Max)
        {
            closure.Start(Punctuation.Comma, closure.Push(this, (2 * count) + 1, parent));
        }
    }

    private void Close(int count, Frame? parent, Closure closure)
    {
        if (count >= Min)
        {
            closure.Start(Punctuation.CloseArray, parent);
        }
    }

    private void EnterItem(int index, Frame? parent, Closure closure)
    {
        var count = index + 1;
        count = Max is null ? Math.Min(count, Math.Max(Min, Prefix.Count)) : count;
        (index < Prefix.Count ? Prefix[index] : Items!).Enter(closure.Push(this, 2 * count, parent), closure);
    }
}
