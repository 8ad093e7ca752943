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
}
