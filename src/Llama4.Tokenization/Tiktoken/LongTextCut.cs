using Llama4.Tokenization.Splitting;

namespace Llama4.Tokenization.Tiktoken;

/// <summary>
/// Where Meta's tokenizer cuts long text before it is encoded: every 400,000 code points, and inside such a stretch before the code
/// point that would make a run of more than 25,000 white space, or more than 25,000 other, code points (meta-llama/llama-models,
/// models/llama4/tokenizer.py, TIKTOKEN_MAX_ENCODE_CHARS and MAX_NO_WHITESPACES_CHARS). The cuts change ids, so they are kept.
/// </summary>
internal ref struct LongTextCut(ReadOnlySpan<char> text)
{
    private const int StretchMax = 400_000;
    private const int RunMax = 25_000;

    private ReadOnlySpan<char> _rest = text;
    private int _leftInStretch = StretchMax;

    /// <summary>The next part, until there is none.</summary>
    public bool Next(out ReadOnlySpan<char> part)
    {
        var length = PartLength();
        part = _rest[..length];
        _rest = _rest[length..];
        return length > 0;
    }

    private int PartLength()
    {
        if (_rest.Length <= Math.Min(RunMax, _leftInStretch))
        {
            return _rest.Length;
        }

        var run = 0;
        var runIsSpace = false;
        for (var i = 0; i < _rest.Length; _leftInStretch--)
        {
            if (_leftInStretch == 0)
            {
                _leftInStretch = StretchMax;
                return i;
            }

            var isSpace = IsSpace(_rest[i]);
            run = isSpace == runIsSpace ? run + 1 : 1;
            runIsSpace = isSpace;
            if (run > RunMax)
            {
                return i;
            }

            var isPair = char.IsHighSurrogate(_rest[i]) && i + 1 < _rest.Length && char.IsLowSurrogate(_rest[i + 1]);
            i += isPair ? 2 : 1;
        }

        return _rest.Length;
    }

    /// <summary>Python's <c>str.isspace</c>: the separators U+001C..U+001F besides the white space of the split expression.</summary>
    private static bool IsSpace(char unit) =>
        unit is >= '\u001C' and <= '\u001F' || (CharacterClassTable.Of(unit) & CharacterClasses.Space) != 0;
}
