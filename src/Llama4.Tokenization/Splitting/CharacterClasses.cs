namespace Llama4.Tokenization.Splitting;

/// <summary>The character sets that Llama 4's split expression names; a code point may be in several.</summary>
[Flags]
internal enum CharacterClasses : byte
{
    None = 0,

    /// <summary><c>[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]</c>: what may stand at the front of a word.</summary>
    Front = 1,

    /// <summary><c>[\p{Ll}\p{Lm}\p{Lo}\p{M}]</c>: what may stand at the back of a word.</summary>
    Back = 2,

    /// <summary><c>\p{L}</c>.</summary>
    Letter = 4,

    /// <summary><c>\p{N}</c>.</summary>
    Number = 8,

    /// <summary><c>\s</c>.</summary>
    Space = 16,

    /// <summary><c>[\r\n]</c>.</summary>
    NewLine = 32,
}
