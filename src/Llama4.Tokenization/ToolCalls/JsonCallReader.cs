using System.Text;
using System.Text.RegularExpressions;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>
/// Reads JSON objects (RFC 8259), each a call: a string <c>name</c>, and <c>parameters</c> or <c>arguments</c>, an object. Other members
/// count for nothing, of equal ones the last counts. Between two objects may stand white space and one semicolon.
/// </summary>
internal sealed partial class JsonCallReader(ToolNames tools) : ICallReader
{
    private readonly List<ParsedToolCall> _calls = [];
    private readonly Stack<OpenContainer> _open = new();
    private readonly StringBuilder _token = new();
    private JsonStringReader _string = new();
    private Expected _expected = Expected.Object;
    private bool _isKey;

    // What the name of the call that is being read says; null if it is no string.
    private string? _name;

    private enum Expected
    {
        Object,
        ObjectOrSemicolon,
        Key,
        KeyOrEnd,
        Colon,
        Value,
        ValueOrEnd,
        InString,
        InToken,
        AfterValue,
    }

    public bool IsComplete => _expected == Expected.ObjectOrSemicolon;

    public IReadOnlyList<ParsedToolCall> Calls => _calls;

    public bool Read(char next) => _expected switch
    {
        Expected.InString => ReadString(next),
        Expected.InToken => ReadToken(next),
        _ => Space.Is(next) || ReadBetween(next),
    };

    private bool ReadBetween(char next)
    {
        switch (_expected)
        {
            case Expected.ObjectOrSemicolon when next == ';':
                return Expect(Expected.Object);
            case Expected.Object or Expected.ObjectOrSemicolon:
                _name = null;
                return next == '{' && Open('}', Expected.KeyOrEnd);
            case Expected.KeyOrEnd when next == '}':
            case Expected.ValueOrEnd when next == ']':
                return Close();
            case Expected.Key or Expected.KeyOrEnd:
                return next == '"' && BeginString(isKey: true);
            case Expected.Colon:
                return Expect(Expected.Value, next == ':');
            case Expected.Value or Expected.ValueOrEnd:
                return BeginValue(next);
            case Expected.AfterValue when next == ',':
                return Expect(_open.Peek().Close == '}' ? Expected.Key : Expected.Value);
            case Expected.AfterValue:
                return next == _open.Peek().Close && Close();
            default:
                return false;
        }
    }

    private bool BeginValue(char next)
    {
        switch (next)
        {
            case '{':
                return Open('}', Expected.KeyOrEnd);
            case '[':
                return Open(']', Expected.ValueOrEnd);
            case '"':
                return BeginString(isKey: false);
            default:
                _token.Clear().Append(next);
                return Expect(Expected.InToken, char.IsAsciiLetterOrDigit(next) || next == '-');
        }
    }

    private bool BeginString(bool isKey)
    {
        _isKey = isKey;
        _token.Clear();
        _string = new JsonStringReader(_token);
        return Expect(Expected.InString);
    }

    private bool ReadString(char next)
    {
        switch (_string.Read(next))
        {
            case JsonStringReader.Step.Inside:
                return true;
            case JsonStringReader.Step.Impossible:
                return false;
        }

        var text = _token.ToString();
        if (_isKey)
        {
            _open.Peek().Key = text;
            return Expect(Expected.Colon);
        }

        return EndValue(JsonWriting.Quoted(text), text);
    }

    /// <summary>A number, or true, false or null.</summary>
    private bool ReadToken(char next)
    {
        if (char.IsAsciiLetterOrDigit(next) || next is '.' or '+' or '-')
        {
            _token.Append(next);
            return true;
        }

        var token = _token.ToString();
        return (token is "true" or "false" or "null" || Number().IsMatch(token)) && EndValue(token) && Read(next);
    }

    private bool EndValue(string json, string? text = null)
    {
        var container = _open.Peek();
        if (_open.Count == 1 && container.Key == "name")
        {
            _name = text;
        }

        container.Add(json);
        return Expect(Expected.AfterValue);
    }

    private bool Open(char close, Expected next)
    {
        _open.Push(new OpenContainer(close));
        return Expect(next, _open.Count <= OpenContainer.NestingMax);
    }

    private bool Close()
    {
        var container = _open.Pop();
        return _open.Count > 0 ? EndValue(container.ToJson()) : EndCall(container);
    }

    private bool EndCall(OpenContainer call)
    {
        var (parameters, arguments) = (call.Find("parameters"), call.Find("arguments"));
        if (_name is null || !tools.Contains(_name) || (parameters ?? arguments) is not ['{', ..] || (parameters is not null && arguments is not null))
        {
            return false;
        }

        _calls.Add(new ParsedToolCall(_name, (parameters ?? arguments)!));
        return Expect(Expected.ObjectOrSemicolon);
    }

    private bool Expect(Expected next, bool isRight = true)
    {
        _expected = next;
        return isRight;
    }

    [GeneratedRegex(@"\A-?(?>0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?\z")]
    private static partial Regex Number();
}
