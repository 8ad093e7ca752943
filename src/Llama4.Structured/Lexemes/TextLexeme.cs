namespace Llama4.Structured.Lexemes;

/// <summary>One of a finite set of texts: brackets, literals, enum values, choices.</summary>
internal sealed class TextLexeme(TextSet texts) : Lexeme
{
    private readonly TextSet _texts = texts.Finish();

    /// <summary>A single text, as it is.</summary>
    public static TextLexeme Of(ReadOnlySpan<byte> text)
    {
        var texts = new TextSet();
        texts.End(texts.Raw(TextSet.Root, text));
        return new(texts);
    }

    /// <summary>A comma or colon, and a space or none.</summary>
    public static TextLexeme Separator(byte separator)
    {
        var texts = new TextSet();
        texts.End(texts.Separator(TextSet.Root, separator));
        return new(texts);
    }

    public override int Step(int state, byte value) => _texts.Step(state, value);

    public override bool Accepts(int state) => _texts.TagAt(state) >= 0;

    public override bool Continues(int state) => _texts.Continues(state);

    public override int Tag(int state) => _texts.TagAt(state);
}
