using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Grammars;

/// <summary>The lexemes between the values of a JSON text; one set for each constraint.</summary>
internal sealed class Punctuation
{
    /// <summary>Nothing.</summary>
    public TextLexeme Nothing { get; } = TextLexeme.Of([]);

    public TextLexeme OpenArray { get; } = TextLexeme.Of("["u8);

    public TextLexeme CloseArray { get; } = TextLexeme.Of("]"u8);

    public TextLexeme OpenObject { get; } = TextLexeme.Of("{"u8);

    public TextLexeme CloseObject { get; } = TextLexeme.Of("}"u8);

    public TextLexeme Comma { get; } = TextLexeme.Separator((byte)',');

    public TextLexeme Colon { get; } = TextLexeme.Separator((byte)':');
}
