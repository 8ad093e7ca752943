using System.Text;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>
/// Tells calls from content in a model's output while it comes. An output is calls to its last character or it is content, so what may
/// still be calls is held back until the output ends or can no longer be calls; then it goes out unchanged. An output whose first
/// character after white space is none of <c>[ { &lt;</c> is never held.
/// </summary>
/// <remarks>
/// The output is a body, or <c>&lt;|python_start|&gt;</c> prose <c>&lt;|python_end|&gt;</c> body, or a body between these two. A body is a
/// list of Python calls (<see cref="PythonCallReader"/>) or JSON objects (<see cref="JsonCallReader"/>), and every name one of the tools.
/// </remarks>
/// <param name="tools">Names of the tools on offer.</param>
public sealed class ToolCallParser(IEnumerable<string> tools)
{
    /// <summary>Characters that are held back; an output that is longer and may still be calls is content. Some 250,000 tokens.</summary>
    public const int HeldCharsMax = 1 << 20;

    private const string Start = "<|python_start|>";
    private const string End = "<|python_end|>";

    private readonly ToolNames _tools = new(tools);
    private readonly StringBuilder _held = new();

    // What stands after the start marker and before the end marker: the body, unless something follows.
    private (int From, int Length) _before;
    private ICallReader? _reader;
    private Part _part = Part.Front;
    private int _matched;

    private enum Part
    {
        /// <summary>Only white space so far.</summary>
        Front,

        /// <summary>In what may be the start marker.</summary>
        StartMarker,

        /// <summary>Behind the start marker; a reader is there once something other than white space is, and null again once it fails.</summary>
        BeforeBegins,
        Before,

        /// <summary>Behind the end marker, only white space so far.</summary>
        AfterBegins,

        /// <summary>In the only body that there can be: of an output without markers, or behind the end marker.</summary>
        Body,

        /// <summary>The output is content.</summary>
        Content,
    }

    /// <summary>Content and calls of a whole output. Content is null if calls stand alone.</summary>
    public static (string? Content, IReadOnlyList<ParsedToolCall> Calls) Parse(string text, IEnumerable<string> tools)
    {
        var parser = new ToolCallParser(tools);
        var content = parser.Append(text);
        var (rest, calls) = parser.Finish();
        content += rest;
        return (calls.Count > 0 && content.Length == 0 ? null : content, calls);
    }

    /// <summary>Takes the output's next piece; gives what is certain to be content, often nothing.</summary>
    public string Append(ReadOnlySpan<char> text)
    {
        if (_part == Part.Content)
        {
            return text.ToString();
        }

        for (var i = 0; i < text.Length; i++)
        {
            _held.Append(text[i]);
            if (_held.Length > HeldCharsMax || !Take(text[i]))
            {
                _held.Append(text[(i + 1)..]);
                return GiveUp();
            }
        }

        return "";
    }

    /// <summary>Ends the output: what was held is content, or it was calls, with prose before them perhaps.</summary>
    public (string Content, IReadOnlyList<ParsedToolCall> Calls) Finish()
    {
        // What looked like the beginning of the end marker belongs to the body, where it can only do harm.
        var calls = _part is Part.Before && _matched > 0 ? null : _reader;
        if (calls is not { IsComplete: true })
        {
            return (GiveUp(), []);
        }

        var prose = _part == Part.Body ? _held.ToString(_before.From, _before.Length).Trim(Space.All) : "";
        _held.Clear();
        _part = Part.Content;
        return (prose, calls.Calls);
    }

    private string GiveUp()
    {
        _part = Part.Content;
        _reader = null;
        var text = _held.ToString();
        _held.Clear();
        return text;
    }

    /// <summary>Whether the output may still be calls.</summary>
    private bool Take(char next)
    {
        switch (_part)
        {
            case Part.Front or Part.AfterBegins when Space.Is(next):
                return true;
            case Part.Front when next == '<':
                (_part, _matched) = (Part.StartMarker, 1);
                return true;
            case Part.Front or Part.AfterBegins:
                _part = Part.Body;
                return Open(next);
            case Part.StartMarker:
                if (next != Start[_matched++])
                {
                    return false;
                }

                if (_matched == Start.Length)
                {
                    (_part, _matched) = (Part.BeforeBegins, 0);
                    _before.From = _held.Length;
                }

                return true;
            case Part.BeforeBegins or Part.Before:
                TakeBefore(next);
                return true;
            default:
                return _reader!.Read(next);
        }
    }

    /// <summary>Looks for the end marker, and hands the reader what is none.</summary>
    private void TakeBefore(char next)
    {
        if (next == End[_matched])
        {
            if (++_matched == End.Length)
            {
                _before.Length = _held.Length - End.Length - _before.From;
                (_part, _matched) = (Part.AfterBegins, 0);
            }

            return;
        }

        // Only its first character is a '<': what fails to match can only begin again with this character.
        foreach (var missed in End.AsSpan(0, _matched))
        {
            ReadBefore(missed);
        }

        _matched = next == End[0] ? 1 : 0;
        if (_matched == 0)
        {
            ReadBefore(next);
        }
    }

    private void ReadBefore(char next)
    {
        if (_part == Part.BeforeBegins)
        {
            if (!Space.Is(next))
            {
                _part = Part.Before;
                Open(next);
            }
        }
        else if (_reader?.Read(next) == false)
        {
            _reader = null; // prose, or nothing; that is known when the output ends
        }
    }

    private bool Open(char first)
    {
        _reader = first switch
        {
            '[' => new PythonCallReader(_tools),
            '{' => new JsonCallReader(_tools),
            _ => null,
        };
        return _reader is not null && _reader.Read(first);
    }
}
