using Llama4.Structured.Automata;
using Llama4.Structured.Vocabularies;

namespace Llama4.Structured;

/// <summary>A constraint after some tokens. Immutable, so keeping one is cloning it.</summary>
public sealed class ConstraintState
{
    private readonly Constraint _constraint;
    private readonly TokenMasks _masks;
    private readonly StateKey _key;
    private readonly bool _ended;

    internal ConstraintState(Constraint constraint, TokenMasks masks, StateKey key, bool ended = false) =>
        (_constraint, _masks, _key, _ended) = (constraint, masks, key, ended);

    /// <summary>Whether the text so far is a whole text: stop ids are let through, perhaps besides others.</summary>
    public bool IsComplete => _key.Complete;

    /// <summary>Whether a stop id has been taken: nothing may follow.</summary>
    public bool IsEnded => _ended;

    /// <summary>Whether nothing but a stop id may follow.</summary>
    public bool MustEnd => _key.Complete && _key.Readings.Length == 0;

    /// <summary>Bytes that the constraint holds with all states and masks made so far, about; shared by its states. May be asked beside who fills masks.</summary>
    public long ConstraintBytes => _masks.Bytes;

    /// <summary>Tells for every id whether it may come next: those after which some text of the constraint can still come about.</summary>
    /// <param name="mask">[<see cref="Vocabulary.MaskWords"/>] words; overwritten.</param>
    /// <exception cref="ConstraintException">The text so far can be read in more ways than are followed: some recursive grammars come to that, and hardly any schema.</exception>
    public void FillMask(Span<uint> mask)
    {
        if (mask.Length != _masks.Vocabulary.MaskWords)
        {
            throw new ArgumentException($"a mask has {_masks.Vocabulary.MaskWords} words, not {mask.Length}", nameof(mask));
        }

        if (_ended)
        {
            mask.Clear();
            return;
        }

        _constraint.FillMask(_masks, _key, mask);
    }

    /// <summary>Whether an id may come next.</summary>
    public bool Allows(int token) => Advance(token) is not null;

    /// <summary>The state after one more token; null if it may not come next.</summary>
    /// <exception cref="ConstraintException">See <see cref="FillMask"/>.</exception>
    public ConstraintState? Advance(int token)
    {
        if (_ended)
        {
            return null;
        }

        if (_masks.Vocabulary.StopIds.Contains(token))
        {
            return _key.Complete ? new(_constraint, _masks, new([], false), ended: true) : null;
        }

        return _masks.Vocabulary.BytesOf(token) is { } bytes ? Advance(bytes) : null;
    }

    /// <summary>The state after more of the text, however it is cut into tokens; null if it may not go on so.</summary>
    public ConstraintState? Advance(ReadOnlySpan<byte> bytes) =>
        _constraint.Advance(_key, bytes) is { } key ? new(_constraint, _masks, key) : null;
}
