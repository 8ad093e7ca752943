using System.Text;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>Reads one JSON string from behind its opening quote (RFC 8259, section 7).</summary>
/// <param name="text">Gets what the string says.</param>
internal struct JsonStringReader(StringBuilder text)
{
    private bool _isEscape;

    // Of \uXXXX: digits to come, and what they say so far.
    private int _digitsLeft;
    private int _code;

    /// <summary>What became of a character.</summary>
    public enum Step
    {
        /// <summary>It belongs to the string.</summary>
        Inside,

        /// <summary>It ended the string.</summary>
        Ended,

        /// <summary>No JSON string goes on like this.</summary>
        Impossible,
    }

    public Step Read(char next)
    {
        if (_digitsLeft > 0)
        {
            return ReadDigit(next);
        }

        if (_isEscape)
        {
            return ReadEscape(next);
        }

        switch (next)
        {
            case '"':
                return Step.Ended;
            case < ' ':
                return Step.Impossible;
            case '\\':
                _isEscape = true;
                return Step.Inside;
            default:
                text.Append(next);
                return Step.Inside;
        }
    }

    private Step ReadEscape(char next)
    {
        _isEscape = false;
        if (next == 'u')
        {
            (_digitsLeft, _code) = (4, 0);
            return Step.Inside;
        }

        var at = "\"\\/bfnrt".IndexOf(next, StringComparison.Ordinal);
        if (at < 0)
        {
            return Step.Impossible;
        }

        text.Append("\"\\/\b\f\n\r\t"[at]);
        return Step.Inside;
    }

    private Step ReadDigit(char next)
    {
        if (!char.IsAsciiHexDigit(next))
        {
            return Step.Impossible;
        }

        _code = _code * 16 + Convert.ToInt32(next.ToString(), 16);
        if (--_digitsLeft == 0)
        {
            text.Append((char)_code);
        }

        return Step.Inside;
    }
}
