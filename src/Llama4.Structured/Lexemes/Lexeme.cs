namespace Llama4.Structured.Lexemes;

/// <summary>
/// A deterministic automaton over bytes: one piece of a text, such as a string with its quotes, a number, or a bracket.
/// From every state that a step gives, some bytes lead to acceptance. States are small integers, made when first needed.
/// Not safe for several threads: the constraint that owns it takes one at a time.
/// </summary>
internal abstract class Lexeme
{
    /// <summary>What a step gives when no text goes on so.</summary>
    public const int Dead = -1;

    /// <summary>The state before the first byte.</summary>
    public virtual int Start => 0;

    /// <summary>The state after one more byte, or <see cref="Dead"/>.</summary>
    public abstract int Step(int state, byte value);

    /// <summary>Whether the piece may end here.</summary>
    public abstract bool Accepts(int state);

    /// <summary>Whether any byte can follow here.</summary>
    public abstract bool Continues(int state);

    /// <summary>Which of several pieces ended in this accepting state; what it means is up to whoever made the lexeme.</summary>
    public virtual int Tag(int state) => 0;

    /// <summary>Whether the state is inside a JSON string, between two characters, where any characters may follow: at least <paramref name="need"/>, at most <paramref name="room"/>.</summary>
    public virtual bool IsFreeString(int state, out int need, out int room)
    {
        (need, room) = (0, 0);
        return false;
    }
}
