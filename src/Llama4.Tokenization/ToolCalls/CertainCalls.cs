using System.Text;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>A piece of a call as it comes.</summary>
/// <param name="Call">Which call of the output, 0-based.</param>
/// <param name="Name">The tool; set in a call's first piece.</param>
/// <param name="Arguments">JSON text; those of a call's pieces make up its object.</param>
public readonly record struct CallDelta(int Call, string? Name, string Arguments);

/// <summary>
/// Reads an output that was drawn under a grammar of calls: what begins like a call is one, so its name and arguments are certain as they come.
/// Calls are <c>[f(key=value, …), …]</c> or <c>{"name": "f", "parameters": {…}}</c> one behind the other, with just these blanks; what begins otherwise is content
/// to its end. Values in Python's form become JSON character by character.
/// </summary>
/// <param name="tools">Names of the tools on offer.</param>
public sealed class CertainCalls(IEnumerable<string> tools)
{
    private const char Outside = '\0';

    private readonly Opening[] _openings = [.. tools.Distinct().SelectMany(Opening.Of)];
    private readonly StringBuilder _held = new();
    private readonly StringBuilder _arguments = new();
    private Part _part = Part.Front;
    private bool _isPython;
    private int _call = -1;
    private string? _newName;

    // In a value: containers around, the quote of the string inside which it stands, and whether a backslash came before.
    private int _depth;
    private char _quote = Outside;
    private bool _isEscaped;
    private bool _hasArguments;

    private enum Part
    {
        /// <summary>Nothing but the beginning of what may be a call.</summary>
        Front,
        Content,

        /// <summary>Behind a call's bracket or an argument's comma.</summary>
        Key,
        Value,

        /// <summary>In the object of a call that is JSON.</summary>
        Object,
        AfterCall,
    }

    /// <summary>Whether the output so far ends inside a call.</summary>
    public bool IsInCall => _part is Part.Key or Part.Value or Part.Object;

    /// <summary>Takes the output's next piece.</summary>
    /// <param name="deltas">Gets the pieces of calls in it.</param>
    /// <returns>The content in it.</returns>
    public string Append(ReadOnlySpan<char> text, ICollection<CallDelta> deltas)
    {
        var content = "";
        for (var i = 0; i < text.Length; i++)
        {
            if (_part == Part.Content)
            {
                content += text[i..].ToString();
                break;
            }

            content += Take(text[i], deltas);
        }

        Give(deltas);
        return content;
    }

    /// <summary>Ends the output: what was held and became no call is content.</summary>
    public string Finish()
    {
        var rest = _part == Part.Front ? _held.ToString() : "";
        _held.Clear();
        _part = Part.Content;
        return rest;
    }

    /// <returns>What has turned out to be content.</returns>
    private string Take(char next, ICollection<CallDelta> deltas)
    {
        switch (_part)
        {
            case Part.Front or Part.AfterCall:
                return TakeOpening(next, deltas);
            case Part.Key when next == ')':
                EndCall("}");
                break;
            case Part.Key when next == '=':
                _arguments.Append(_hasArguments ? ", " : "").Append('"').Append(_held).Append("\": ");
                _hasArguments = true;
                (_part, _depth) = (Part.Value, 0);
                _held.Clear();
                break;
            case Part.Key:
                _held.Append(Space.Is(next) || next == ',' ? "" : next.ToString());
                break;
            case Part.Value:
                TakeValue(next);
                break;
            case Part.Object:
                TakeObject(next);
                break;
        }

        return "";
    }

    private string TakeOpening(char next, ICollection<CallDelta> deltas)
    {
        if (_part == Part.AfterCall && _held.Length == 0 && (Space.Is(next) || next is ',' or ';' or ']'))
        {
            return "";
        }

        // Behind a first Python call the next one has no bracket of its own.
        if (_part == Part.AfterCall && _isPython && _held.Length == 0)
        {
            _held.Append('[');
        }

        var held = _held.Append(next).ToString();
        if (Array.Find(_openings, opening => opening.Text == held) is { Name: not null } begun)
        {
            Give(deltas);
            (_call, _newName, _isPython, _hasArguments) = (_call + 1, begun.Name, begun.IsPython, false);
            (_part, _depth) = (begun.IsPython ? Part.Key : Part.Object, 0);
            _arguments.Append(begun.IsPython ? "{" : "");
            _held.Clear();
        }
        else if (_part == Part.Front && !Array.Exists(_openings, opening => opening.Text.StartsWith(held, StringComparison.Ordinal)))
        {
            _part = Part.Content;
            _held.Clear();
            return held;
        }

        return "";
    }

    private void TakeValue(char next)
    {
        if (_quote != Outside)
        {
            TakeInString(next);
            return;
        }

        if (char.IsAsciiLetterOrDigit(next) || next is '+' or '-' or '.')
        {
            _held.Append(next);
            return;
        }

        _arguments.Append(_held.ToString() switch { "True" => "true", "False" => "false", "None" => "null", var word => word });
        _held.Clear();
        if (_depth == 0 && next == ',')
        {
            _part = Part.Key;
        }
        else if (_depth == 0 && next == ')')
        {
            EndCall("}");
        }
        else if (next is '"' or '\'')
        {
            _quote = next;
            _arguments.Append('"');
        }
        else
        {
            _depth += next is '[' or '{' ? 1 : next is ']' or '}' ? -1 : 0;
            _arguments.Append(next);
        }
    }

    private void TakeInString(char next)
    {
        if (_isEscaped)
        {
            _isEscaped = false;
            _arguments.Append(next == '\'' ? "'" : $"\\{next}");
        }
        else if (next == '\\')
        {
            _isEscaped = true;
        }
        else if (next == _quote)
        {
            _quote = Outside;
            _arguments.Append('"');
        }
        else
        {
            _arguments.Append(next == '"' ? "\\\"" : next.ToString());
        }
    }

    private void TakeObject(char next)
    {
        if (_quote != Outside)
        {
            _quote = next == _quote && !_isEscaped ? Outside : _quote;
            _isEscaped = next == '\\' && !_isEscaped;
        }
        else if (next == '"')
        {
            _quote = next;
        }
        else if (next is '}' && _depth == 0)
        {
            EndCall(""); // the object's own bracket has been passed
            return;
        }
        else
        {
            _depth += next is '[' or '{' ? 1 : next is ']' or '}' ? -1 : 0;
        }

        _arguments.Append(next);
    }

    private void EndCall(string end)
    {
        _arguments.Append(end);
        _part = Part.AfterCall;
        _held.Clear();
    }

    private void Give(ICollection<CallDelta> deltas)
    {
        if (_newName is not null || _arguments.Length > 0)
        {
            deltas.Add(new CallDelta(_call, _newName, _arguments.ToString()));
            _newName = null;
            _arguments.Clear();
        }
    }

    private readonly record struct Opening(string Text, string? Name, bool IsPython)
    {
        public static Opening[] Of(string tool) => [new($"[{tool}(", tool, true), new($"{{\"name\": \"{tool}\", \"parameters\": ", tool, false)];
    }
}
