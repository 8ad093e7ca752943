using Llama4.Structured.Automata;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Grammars;

/// <summary>
/// What texts look like, as a tree (with loops where a schema recurs) of pieces that are entered and, when a piece
/// inside them ends, resumed. Where the text stands inside the pieces around is a chain of <see cref="Frame"/>.
/// </summary>
public abstract class Grammar
{
    private protected Grammar()
    {
    }

    /// <summary>Starts the piece inside <paramref name="parent"/>.</summary>
    internal abstract void Enter(Frame? parent, Closure closure);

    /// <summary>Goes on after the part that <paramref name="position"/> stands for.</summary>
    /// <param name="tag">Which of the part's texts ended.</param>
    internal virtual void Resume(int position, int tag, Frame? parent, Closure closure) =>
        throw new InvalidOperationException($"{GetType().Name} has no position {position}");
}

/// <summary>A piece that is one lexeme.</summary>
internal sealed class LexemeGrammar(Lexeme lexeme) : Grammar
{
    internal override void Enter(Frame? parent, Closure closure) => closure.Start(lexeme, parent);
}

/// <summary>One of several pieces.</summary>
internal sealed class UnionGrammar : Grammar
{
    /// <summary>Set once; a schema that recurs refers to a union before its branches are known.</summary>
    public IReadOnlyList<Grammar> Branches { get; set; } = [];

    internal override void Enter(Frame? parent, Closure closure)
    {
        foreach (var branch in Branches)
        {
            branch.Enter(parent, closure);
        }
    }
}

/// <summary>Pieces one after the other. The position is the index of the part that runs.</summary>
internal sealed class SequenceGrammar(IReadOnlyList<Grammar> parts) : Grammar
{
    internal override void Enter(Frame? parent, Closure closure) => EnterPart(0, parent, closure);

    internal override void Resume(int position, int tag, Frame? parent, Closure closure) => EnterPart(position + 1, parent, closure);

    private void EnterPart(int index, Frame? parent, Closure closure) =>
        parts[index].Enter(index == parts.Count - 1 ? parent : closure.Push(this, index, parent), closure);
}
