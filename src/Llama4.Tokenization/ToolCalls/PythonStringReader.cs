using System.Text;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>
/// Reads one Python string from behind its opening quote: of one line or tripled, raw or with escapes. Escapes that Python does not know
/// stay as they are; half of a surrogate pair is kept, and its other half makes it whole.
/// </summary>
/// <param name="text">Gets what the string says.</param>
internal struct PythonStringReader(StringBuilder text, char quote, bool isRaw)
{
    private const int HexDigitsNone = 0;

    private Place _place = Place.Opening;
    private bool _isTripled;
    private int _quotes = 1;
    private bool _skipsLineFeed;

    // Of an escape that is a number: digits that are to come at most, and what they say so far.
    private int _digitsLeft = HexDigitsNone;
    private bool _isOctal;
    private uint _code;

    private enum Place
    {
        /// <summary>Behind the first quote, where more of them may follow.</summary>
        Opening,
        Inside,
        Escape,
        Digits,
    }

    /// <summary>What became of a character.</summary>
    public enum Step
    {
        /// <summary>It belongs to the string.</summary>
        Inside,

        /// <summary>It ended the string.</summary>
        Ended,

        /// <summary>The string had ended before it.</summary>
        EndedBefore,

        /// <summary>No Python string goes on like this.</summary>
        Impossible,
    }

    public Step Read(char next)
    {
        // Lines of a Python source end in LF, whatever they end in outside.
        var isSecondOfLineEnd = _skipsLineFeed && next == '\n';
        _skipsLineFeed = false;
        if (isSecondOfLineEnd)
        {
            return Step.Inside;
        }

        return _place switch
        {
            Place.Opening => ReadOpening(next),
            Place.Escape => ReadEscape(next),
            Place.Digits => ReadDigit(next),
            _ => ReadInside(next),
        };
    }

    private Step ReadOpening(char next)
    {
        if (next == quote && ++_quotes == 3)
        {
            (_place, _isTripled, _quotes) = (Place.Inside, true, 0);
            return Step.Inside;
        }

        if (next == quote)
        {
            return Step.Inside;
        }

        if (_quotes == 2)
        {
            return Step.EndedBefore; // the empty string
        }

        (_place, _quotes) = (Place.Inside, 0);
        return ReadInside(next);
    }

    private Step ReadInside(char next)
    {
        if (next == quote)
        {
            return !_isTripled || ++_quotes == 3 ? Step.Ended : Step.Inside;
        }

        text.Append(quote, _quotes);
        _quotes = 0;
        switch (next)
        {
            case '\\':
                _place = Place.Escape;
                return Step.Inside;
            case '\n' or '\r' when !_isTripled:
                return Step.Impossible;
            default:
                AppendLine(next);
                return Step.Inside;
        }
    }

    private Step ReadEscape(char next)
    {
        _place = Place.Inside;
        if (isRaw)
        {
            text.Append('\\');
            AppendLine(next);
            return Step.Inside;
        }

        switch (next)
        {
            case '\n':
                return Step.Inside;
            case '\r':
                _skipsLineFeed = true;
                return Step.Inside;
            case '\\' or '\'' or '"':
                text.Append(next);
                return Step.Inside;
            case >= '0' and <= '7':
                return BeginDigits(3, isOctal: true, next);
            case 'x':
                return BeginDigits(2);
            case 'u':
                return BeginDigits(4);
            case 'U':
                return BeginDigits(8);
            case 'N':
                return Step.Impossible; // a character by its name
        }

        var at = "abfnrtv".IndexOf(next, StringComparison.Ordinal);
        if (at >= 0)
        {
            text.Append("\a\b\f\n\r\t\v"[at]);
        }
        else
        {
            text.Append('\\').Append(next);
        }

        return Step.Inside;
    }

    private Step BeginDigits(int digits, bool isOctal = false, char? first = null)
    {
        (_place, _digitsLeft, _isOctal, _code) = (Place.Digits, digits, isOctal, 0);
        return first is { } digit ? ReadDigit(digit) : Step.Inside;
    }

    private Step ReadDigit(char next)
    {
        var isDigit = _isOctal ? next is >= '0' and <= '7' : char.IsAsciiHexDigit(next);
        if (!isDigit)
        {
            if (!_isOctal)
            {
                return Step.Impossible;
            }

            AppendCode();
            return ReadInside(next);
        }

        _code = _code * (_isOctal ? 8u : 16u) + (uint)Convert.ToInt32(next.ToString(), 16);
        return --_digitsLeft > 0 || AppendCode() ? Step.Inside : Step.Impossible;
    }

    private bool AppendCode()
    {
        _place = Place.Inside;
        if (_code > 0x10ffff)
        {
            return false;
        }

        if (_code > char.MaxValue)
        {
            text.Append(char.ConvertFromUtf32((int)_code));
        }
        else
        {
            text.Append((char)_code);
        }

        return true;
    }

    private void AppendLine(char next)
    {
        _skipsLineFeed = next == '\r';
        text.Append(next == '\r' ? '\n' : next);
    }
}
