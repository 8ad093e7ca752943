namespace Llama4.Structured.Regexes;

/// <summary>A deterministic automaton over code points as a lexeme follows it: from every state some text leads to acceptance.</summary>
internal interface ICharacters
{
    /// <summary>The edges of a state, ascending and apart from each other.</summary>
    CharacterEdge[] Edges(int state);

    /// <summary>Where a code point leads, -1 for nowhere.</summary>
    int Step(int state, int codePoint);

    /// <summary>Whether the text may end in this state.</summary>
    bool Accepts(int state);

    /// <summary>Whether from this state on every text of at most <paramref name="room"/> characters is accepted.</summary>
    bool AcceptsAnything(int state, out int room);
}
