using Llama4.Structured.Grammars;

namespace Llama4.Structured.Automata;

/// <summary>A piece that waits for a part of it to end, and the pieces around it. Equal frames of one automaton are one object.</summary>
internal sealed class Frame(long id, Grammar grammar, int position, Frame? parent)
{
    /// <summary>In order of creation.</summary>
    public long Id { get; } = id;

    public Grammar Grammar { get; } = grammar;

    public int Position { get; } = position;

    public Frame? Parent { get; } = parent;

    private long _round = -1;
    private int _tag;

    /// <summary>Whether a piece inside ends with this tag for the first time in a round: what follows is the same every time.</summary>
    public bool IsFirst(long round, int tag)
    {
        var isFirst = round != _round || tag != _tag;
        (_round, _tag) = (round, tag);
        return isFirst;
    }
}
