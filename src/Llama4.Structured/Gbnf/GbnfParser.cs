using System.Globalization;
using System.Text;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Gbnf;

/// <summary>
/// Reads llama.cpp's grammars (its grammars/README.md): rules <c>name ::= …</c> of literals, classes, <c>.</c>, groups,
/// repeats and branches. More lenient in three things: names may hold <c>_</c>, any ASCII punctuation may be escaped, and a
/// line that starts with <c>|</c> goes on with the rule above. Tokens by number or name are refused.
/// </summary>
internal ref struct GbnfParser
{
    private const int DepthMax = 200;
    private const int CountMax = 100_000;

    private readonly int[] _text;
    private readonly OrderedDictionary<string, RegexTree> _rules = [];
    private int _at;
    private int _depth;

    private GbnfParser(string text) => _text = [.. text.EnumerateRunes().Select(rune => rune.Value)];

    private readonly bool AtEnd => _at == _text.Length;

    /// <summary>The rules by name, in their order.</summary>
    /// <exception cref="ConstraintException">The text is no grammar; the message names the line.</exception>
    public static OrderedDictionary<string, RegexTree> Parse(string text)
    {
        var parser = new GbnfParser(text);
        parser.Skip(lines: true);
        while (!parser.AtEnd)
        {
            parser.Rule();
        }

        return parser._rules;
    }

    private void Rule()
    {
        var name = Name() ?? throw Error("expected a rule like: name ::= \"text\"");
        Skip(lines: false);
        foreach (var expected in "::=")
        {
            Expect(expected);
        }

        Skip(lines: true);
        if (!_rules.TryAdd(name, Alternatives(nested: false)))
        {
            throw Error($"the rule {name} is defined twice");
        }

        if (!AtEnd && _text[_at] is not ('\n' or '\r'))
        {
            throw Error($"expected the end of the rule {name}, found '{char.ConvertFromUtf32(_text[_at])}'");
        }

        Skip(lines: true);
    }

    private RegexTree Alternatives(bool nested)
    {
        if (++_depth > DepthMax)
        {
            throw Error($"groups nest more than {DepthMax} deep");
        }

        var branches = new List<RegexTree> { Sequence(nested) };
        while (TakeBranch(nested))
        {
            Skip(lines: true);
            branches.Add(Sequence(nested));
        }

        _depth--;
        return branches.Count == 1 ? branches[0] : new RegexTree.Alternatives(branches);
    }

    /// <summary>A branch may start on a line of its own.</summary>
    private bool TakeBranch(bool nested)
    {
        var back = _at;
        Skip(lines: true);
        if (Take('|'))
        {
            return true;
        }

        _at = nested ? _at : back;
        return false;
    }

    private RegexTree Sequence(bool nested)
    {
        var parts = new List<RegexTree>();
        Skip(nested);
        while (!AtEnd && _text[_at] is not ('|' or ')' or '\n' or '\r'))
        {
            var part = Atom();
            Skip(nested);
            while (Repeat() is var (min, max))
            {
                part = new RegexTree.Repeated(part, min, max);
                Skip(nested);
            }

            parts.Add(part);
        }

        return parts.Count == 1 ? parts[0] : new RegexTree.Sequence(parts);
    }

    private RegexTree Atom()
    {
        if (Name() is { } name)
        {
            return new RuleReference(name);
        }

        var first = _text[_at++];
        switch (first)
        {
            case '"':
                return Literal();
            case '[':
                return new RegexTree.Characters(Class());
            case '.':
                return new RegexTree.Characters(CodePoints.All);
            case '(':
                var body = Alternatives(nested: true);
                Expect(')');
                return body;
            case '*' or '+' or '?' or '{':
                throw Error($"'{(char)first}' has nothing to repeat");
            case '<' or '!':
                throw Error("tokens are not supported; write their text");
            default:
                throw Error($"expected a literal, class, group or the name of a rule, found '{char.ConvertFromUtf32(first)}'");
        }
    }

    private RegexTree Literal()
    {
        var characters = new List<RegexTree>();
        while (!Take('"'))
        {
            characters.Add(new RegexTree.Characters(CodePoints.Single(Character("a literal"))));
        }

        return characters.Count == 1 ? characters[0] : new RegexTree.Sequence(characters);
    }

    private CodePoints Class()
    {
        var negated = Take('^');
        var ranges = new List<CodePointRange>();
        while (!Take(']'))
        {
            var low = Character("a class");
            var high = low;
            if (_at + 1 < _text.Length && _text[_at] == '-' && _text[_at + 1] != ']')
            {
                _at++;
                high = Character("a class");
            }

            ranges.Add(low <= high ? new(low, high) : throw Error("a range in a class ends before it starts"));
        }

        var set = CodePoints.Of(ranges);
        return negated ? set.Complement() : set;
    }

    private int Character(string inside)
    {
        if (AtEnd)
        {
            throw Error($"{inside} does not end");
        }

        var first = _text[_at++];
        if (first is '\n' or '\r')
        {
            _at--;
            throw Error($"{inside} does not end on its line; write \\n for a line feed");
        }

        if (first != '\\')
        {
            return first;
        }

        var kind = AtEnd ? -1 : _text[_at++];
        return kind switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => Hex(2),
            'u' => Hex(4),
            'U' => Hex(8),
            >= 0 and < 128 when char.IsPunctuation((char)kind) || char.IsSymbol((char)kind) => kind,
            _ => throw Error("expected one of \\n \\r \\t \\xNN \\uNNNN \\UNNNNNNNN or an escaped sign"),
        };
    }

    private int Hex(int digits)
    {
        var value = 0L;
        for (var i = 0; i < digits; i++)
        {
            value = !AtEnd && _text[_at] < 128 && char.IsAsciiHexDigit((char)_text[_at])
                ? (16 * value) + Convert.ToInt32(((char)_text[_at++]).ToString(), 16)
                : throw Error($"expected {digits} hexadecimal digits");
        }

        return value <= CodePoints.Max && value is < 0xD800 or > 0xDFFF ? (int)value : throw Error($"expected a character, found code point {value:X}");
    }

    private (int Min, int? Max)? Repeat()
    {
        if (Take('*'))
        {
            return (0, null);
        }

        if (Take('+'))
        {
            return (1, null);
        }

        if (Take('?'))
        {
            return (0, 1);
        }

        if (!Take('{'))
        {
            return null;
        }

        Skip(lines: false);
        var min = Count();
        Skip(lines: false);
        var max = (int?)min;
        if (Take(','))
        {
            Skip(lines: false);
            max = !AtEnd && _text[_at] == '}' ? null : Count();
            Skip(lines: false);
        }

        Expect('}');
        return max < min ? throw Error($"expected a greatest count of at least {min}, found {max}") : (min, max);
    }

    private int Count()
    {
        var from = _at;
        var count = 0;
        while (!AtEnd && _text[_at] is >= '0' and <= '9')
        {
            count = Math.Min(CountMax + 1, (10 * count) + _text[_at++] - '0');
        }

        return from == _at ? throw Error("expected a count like {3}, {3,} or {3,5}")
            : count > CountMax ? throw Error($"expected counts up to {CountMax}")
            : count;
    }

    private string? Name()
    {
        var from = _at;
        while (!AtEnd && _text[_at] < 128 && (char.IsAsciiLetterOrDigit((char)_text[_at]) || _text[_at] is '-' or '_'))
        {
            _at++;
        }

        return from == _at ? null : string.Concat(_text[from.._at].Select(char.ConvertFromUtf32));
    }

    /// <summary>Passes over spaces and comments, and over ends of lines if asked to.</summary>
    private void Skip(bool lines)
    {
        while (!AtEnd && (_text[_at] is ' ' or '\t' or '#' || (lines && _text[_at] is '\n' or '\r')))
        {
            if (_text[_at] != '#')
            {
                _at++;
                continue;
            }

            while (!AtEnd && _text[_at] is not ('\n' or '\r'))
            {
                _at++;
            }
        }
    }

    private bool Take(char expected)
    {
        if (AtEnd || _text[_at] != expected)
        {
            return false;
        }

        _at++;
        return true;
    }

    private void Expect(char expected)
    {
        if (!Take(expected))
        {
            throw Error($"expected '{expected}', found {(AtEnd ? "the end" : $"'{char.ConvertFromUtf32(_text[_at])}'")}");
        }
    }

    private readonly ConstraintException Error(string what) => new(
        "grammar", string.Create(CultureInfo.InvariantCulture, $"{what} (line {1 + _text[..Math.Min(_at, _text.Length)].Count(value => value == '\n')})"));
}
