using System.Text;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>
/// Reads a Python list of calls with named arguments, <c>[name(key=value, …), …]</c>. Values are literals: strings, numbers, lists, tuples,
/// dicts with string keys, True False None and true false null. A name is identifiers joined by <c>.</c> or <c>-</c>; keywords are keys
/// like others; nothing is ever evaluated.
/// </summary>
internal sealed class PythonCallReader(ToolNames tools) : ICallReader
{
    private static readonly Dictionary<string, string> Words = new()
    {
        ["True"] = "true", ["False"] = "false", ["None"] = "null", ["true"] = "true", ["false"] = "false", ["null"] = "null",
    };

    private readonly List<ParsedToolCall> _calls = [];
    private readonly Stack<OpenContainer> _open = new();
    private readonly StringBuilder _token = new();
    private readonly StringBuilder _text = new();
    private Expected _expected = Expected.List;
    private PythonStringReader _string = new();
    private string _name = "";
    private OrderedDictionary<string, string> _arguments = [];
    private string _key = "";
    private bool _isNegative;

    // The value that was read last: JSON text, and what it says if it is a string.
    private string _value = "";
    private string? _valueText;

    private enum Expected
    {
        List,
        Name,
        NameOrEnd,
        InName,
        Arguments,
        KeyOrEnd,
        InKey,
        Equals,
        Value,
        ValueOrEnd,
        Number,
        InNumber,
        InWord,
        InString,
        MoreString,
        MoreStringPrefix,
        AfterValue,
        AfterCall,
        Nothing,
    }

    public bool IsComplete => _expected == Expected.Nothing;

    public IReadOnlyList<ParsedToolCall> Calls => _calls;

    public bool Read(char next) => _expected switch
    {
        Expected.InName => ReadName(next),
        Expected.InKey => ReadKey(next),
        Expected.InNumber => ReadNumber(next),
        Expected.InWord => ReadWord(next),
        Expected.InString => ReadString(next),
        Expected.MoreStringPrefix => ReadStringPrefix(next),
        _ => Space.Is(next) || ReadBetween(next),
    };

    private bool ReadBetween(char next)
    {
        switch (_expected)
        {
            case Expected.List:
                return Expect(Expected.Name, next == '[');
            case Expected.NameOrEnd when next == ']':
            case Expected.AfterCall when next == ']':
                return Expect(Expected.Nothing);
            case Expected.Name or Expected.NameOrEnd:
                return BeginToken(Expected.InName, next, IsFirstOfIdentifier(next)) && tools.AnyBegins(_token.ToString());
            case Expected.Arguments:
                _arguments = [];
                return Expect(Expected.KeyOrEnd, next == '(');
            case Expected.KeyOrEnd when next == ')':
                return EndCall();
            case Expected.KeyOrEnd:
                return BeginToken(Expected.InKey, next, IsFirstOfIdentifier(next));
            case Expected.Equals:
                return Expect(Expected.Value, next == '=');
            case Expected.Value or Expected.ValueOrEnd:
                return BeginValue(next);
            case Expected.Number:
                return BeginToken(Expected.InNumber, next, char.IsAsciiDigit(next) || next == '.');
            case Expected.MoreString:
                return ReadMoreString(next);
            case Expected.AfterValue:
                return _open.Count == 0 ? ReadAfterArgument(next) : ReadInContainer(next, _open.Peek());
            case Expected.AfterCall:
                return Expect(Expected.NameOrEnd, next == ',');
            default:
                return false;
        }
    }

    private bool ReadName(char next)
    {
        if (IsOfIdentifier(next) || next is '.' or '-')
        {
            var isWellFormed = IsFirstOfIdentifier(next) || _token[^1] is not ('.' or '-');
            _token.Append(next);
            return isWellFormed && tools.AnyBegins(_token.ToString());
        }

        _name = _token.ToString();
        return tools.Contains(_name) && IsOfIdentifier(_name[^1]) && Expect(Expected.Arguments) && Read(next);
    }

    private bool ReadKey(char next)
    {
        if (IsOfIdentifier(next))
        {
            _token.Append(next);
            return true;
        }

        _key = _token.ToString();
        return !_arguments.ContainsKey(_key) && Expect(Expected.Equals) && Read(next);
    }

    private bool BeginValue(char next)
    {
        switch (next)
        {
            case '[' or '(' or '{':
                _open.Push(new OpenContainer(next switch { '[' => ']', '(' => ')', _ => '}' }));
                return Expect(Expected.ValueOrEnd, _open.Count <= OpenContainer.NestingMax);
            case ']' or ')' or '}':
                return _expected == Expected.ValueOrEnd && _open.TryPeek(out var container) && container.Close == next && CloseContainer();
            case '"' or '\'':
                _text.Clear();
                return BeginString(next, isRaw: false);
            case '+' or '-':
                _isNegative = next == '-';
                return Expect(Expected.Number);
            case '.' or (>= '0' and <= '9'):
                _isNegative = false;
                return BeginToken(Expected.InNumber, next);
            default:
                return BeginToken(Expected.InWord, next, IsFirstOfIdentifier(next));
        }
    }

    /// <summary>A word is a constant, or the prefix of a string.</summary>
    private bool ReadWord(char next)
    {
        if (IsOfIdentifier(next))
        {
            _token.Append(next);
            var start = _token.ToString();
            return Words.Keys.Any(word => word.StartsWith(start, StringComparison.Ordinal));
        }

        if (next is '"' or '\'' && _token.Length == 1 && _token[0] is 'r' or 'R' or 'u' or 'U')
        {
            _text.Clear();
            return BeginString(next, isRaw: _token[0] is 'r' or 'R');
        }

        return Words.TryGetValue(_token.ToString(), out var json) && EndValue(json) && Read(next);
    }

    private bool ReadNumber(char next)
    {
        if (char.IsAsciiLetterOrDigit(next) || next is '.' or '_' || (next is '+' or '-' && PythonNumber.TakesSign(_token)))
        {
            _token.Append(next);
            return true;
        }

        return PythonNumber.ToJson(_token.ToString(), _isNegative) is { } json && EndValue(json) && Read(next);
    }

    private bool BeginString(char quote, bool isRaw)
    {
        _string = new PythonStringReader(_text, quote, isRaw);
        return Expect(Expected.InString);
    }

    private bool ReadString(char next) => _string.Read(next) switch
    {
        PythonStringReader.Step.Inside => true,
        PythonStringReader.Step.Ended => Expect(Expected.MoreString),
        PythonStringReader.Step.EndedBefore => Expect(Expected.MoreString) && Read(next),
        _ => false,
    };

    /// <summary>Strings that follow each other are one.</summary>
    private bool ReadMoreString(char next)
    {
        if (next is '"' or '\'')
        {
            return BeginString(next, isRaw: false);
        }

        if (next is 'r' or 'R' or 'u' or 'U')
        {
            return BeginToken(Expected.MoreStringPrefix, next);
        }

        var text = _text.ToString();
        return EndValue(JsonWriting.Quoted(text), text) && Read(next);
    }

    private bool ReadStringPrefix(char next) => next is '"' or '\'' && BeginString(next, isRaw: _token[0] is 'r' or 'R');

    private bool ReadAfterArgument(char next)
    {
        if (next is not (',' or ')'))
        {
            return false;
        }

        _arguments.Add(_key, _value);
        return next == ',' ? Expect(Expected.KeyOrEnd) : EndCall();
    }

    private bool ReadInContainer(char next, OpenContainer container)
    {
        if (container is { Close: '}', Key: null })
        {
            container.Key = _valueText;
            return Expect(Expected.Value, next == ':' && _valueText is not null);
        }

        if (next == ',')
        {
            container.Add(_value);
            container.HasComma = true;
            return Expect(Expected.ValueOrEnd);
        }

        if (next != container.Close)
        {
            return false;
        }

        if (container is { Close: ')', HasComma: false })
        {
            _open.Pop(); // a value between brackets is that value
            return Expect(Expected.AfterValue);
        }

        container.Add(_value);
        return CloseContainer();
    }

    private bool CloseContainer() => EndValue(_open.Pop().ToJson());

    private bool EndValue(string json, string? text = null)
    {
        (_value, _valueText) = (json, text);
        return Expect(Expected.AfterValue);
    }

    private bool EndCall()
    {
        _calls.Add(new ParsedToolCall(_name, JsonWriting.Object(_arguments)));
        return Expect(Expected.AfterCall);
    }

    private bool BeginToken(Expected token, char first, bool isRight = true)
    {
        _token.Clear().Append(first);
        return Expect(token, isRight);
    }

    private bool Expect(Expected next, bool isRight = true)
    {
        _expected = next;
        return isRight;
    }

    private static bool IsFirstOfIdentifier(char unit) => char.IsAsciiLetter(unit) || unit == '_';

    private static bool IsOfIdentifier(char unit) => char.IsAsciiLetterOrDigit(unit) || unit == '_';
}
