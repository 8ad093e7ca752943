using System.Text;

namespace Llama4.Structured.Regexes;

/// <summary>
/// Reads the regular part of ECMA-262 with the <c>u</c> flag. What is not regular (back references) or not supported
/// (lookbehind, Unicode properties other than general categories, flags) is an error. More lenient than ECMA-262 in one thing: any
/// ASCII punctuation may be escaped, as schemas in the wild write <c>\-</c> and <c>\"</c>.
/// </summary>
internal ref struct RegexParser
{
    private const int DepthMax = 200;
    private const int CountMax = 100_000;

    private readonly int[] _text;
    private readonly string _keyword;
    private int _at;
    private int _depth;

    private RegexParser(string text, string keyword)
    {
        _text = [.. text.EnumerateRunes().Select(rune => rune.Value)];
        _keyword = keyword;
    }

    private readonly bool AtEnd => _at == _text.Length;

    /// <summary>The tree of a regex.</summary>
    /// <exception cref="ConstraintException">It is none, or not supported; the message names <paramref name="keyword"/> and the place.</exception>
    public static RegexTree Parse(string text, string keyword)
    {
        var parser = new RegexParser(text, keyword);
        var tree = parser.Alternatives();
        return parser.AtEnd ? tree : throw parser.Error("expected the end, found an unmatched ')'");
    }

    private RegexTree Alternatives()
    {
        if (++_depth > DepthMax)
        {
            throw Error($"groups nest more than {DepthMax} deep");
        }

        var branches = new List<RegexTree> { Sequence() };
        while (Take('|'))
        {
            branches.Add(Sequence());
        }

        _depth--;
        return branches.Count == 1 ? branches[0] : new RegexTree.Alternatives(branches);
    }

    private RegexTree Sequence()
    {
        var parts = new List<RegexTree>();
        while (!AtEnd && _text[_at] is not ('|' or ')'))
        {
            var part = Atom();
            parts.Add(part is RegexTree.Start or RegexTree.End or RegexTree.Boundary or RegexTree.Look ? part : Quantified(part));
        }

        return parts.Count == 1 ? parts[0] : new RegexTree.Sequence(parts);
    }

    private RegexTree Quantified(RegexTree body)
    {
        var (min, max) = (1, (int?)1);
        if (Take('*'))
        {
            (min, max) = (0, null);
        }
        else if (Take('+'))
        {
            (min, max) = (1, null);
        }
        else if (Take('?'))
        {
            (min, max) = (0, 1);
        }
        else if (Take('{'))
        {
            min = Count();
            max = !Take(',') ? min : !AtEnd && _text[_at] == '}' ? null : Count();
            Expect('}');
            if (max < min)
            {
                throw Error($"expected a greatest count of at least {min}, found {max}");
            }
        }
        else
        {
            return body;
        }

        Take('?'); // lazy or greedy: the same language
        return new RegexTree.Repeated(body, min, max);
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

    private RegexTree Atom()
    {
        var first = _text[_at++];
        switch (first)
        {
            case '(':
                var look = Group();
                var body = Alternatives();
                Expect(')');
                return look is { } negated ? new RegexTree.Look(body, negated) : body;
            case '[':
                return new RegexTree.Characters(Class());
            case '.':
                return new RegexTree.Characters(CodePoints.Dot);
            case '^':
                return new RegexTree.Start();
            case '$':
                return new RegexTree.End();
            case '\\' when Peek('b') || Peek('B'):
                return new RegexTree.Boundary(Negated: _text[_at++] == 'B');
            case '\\':
                return new RegexTree.Characters(Escape(inClass: false));
            case '*' or '+' or '?' or '{':
                throw Error($"'{(char)first}' has nothing to repeat", back: 1);
            case ']' or '}':
                throw Error($"'{(char)first}' is unmatched; expected '\\{(char)first}'", back: 1);
            default:
                return new RegexTree.Characters(CodePoints.Single(first));
        }
    }

    /// <summary>What follows an opening parenthesis: a group that means nothing but a group, or lookahead, and whether that must not match.</summary>
    private bool? Group()
    {
        if (!Take('?') || Take(':'))
        {
            return null;
        }

        if (Peek('=') || Peek('!'))
        {
            return _text[_at++] == '!';
        }

        if (!Take('<'))
        {
            throw Error("flags in a group are not supported");
        }

        if (Peek('=') || Peek('!'))
        {
            throw Error("lookbehind is not supported");
        }

        var from = _at;
        while (!AtEnd && _text[_at] != '>')
        {
            var rune = _text[_at];
            if (!(rune is '_' or '$' || (Rune.TryCreate(rune, out var value) && Rune.IsLetterOrDigit(value))))
            {
                throw Error("expected a group's name of letters and digits");
            }

            _at++;
        }

        if (from == _at)
        {
            throw Error("expected a group's name");
        }

        Expect('>');
        return null;
    }

    private CodePoints Class()
    {
        var negated = Take('^');
        var ranges = new List<CodePointRange>();
        while (!Take(']'))
        {
            var low = ClassMember();
            if (!Peek('-') || _at + 1 >= _text.Length || _text[_at + 1] == ']')
            {
                ranges.AddRange(low.Ranges);
                continue;
            }

            _at++;
            var high = ClassMember();
            if (low.Ranges is not [{ } a] || high.Ranges is not [{ } b] || a.Low != a.High || b.Low != b.High)
            {
                throw Error("expected a single character at both ends of a range in a class");
            }

            ranges.Add(a.Low <= b.Low ? new(a.Low, b.Low) : throw Error("a range in a class ends before it starts"));
        }

        var set = CodePoints.Of(ranges);
        return negated ? set.Complement() : set;
    }

    private CodePoints ClassMember()
    {
        if (AtEnd)
        {
            throw Error("expected ']' at the end of a class");
        }

        var first = _text[_at++];
        return first == '\\' ? Escape(inClass: true) : CodePoints.Single(first);
    }

    private CodePoints Escape(bool inClass)
    {
        if (AtEnd)
        {
            throw Error("expected a character after '\\'");
        }

        var kind = _text[_at++];
        return kind switch
        {
            'd' => CodePoints.Digits,
            'D' => CodePoints.Digits.Complement(),
            'w' => CodePoints.Word,
            'W' => CodePoints.Word.Complement(),
            's' => CodePoints.Space,
            'S' => CodePoints.Space.Complement(),
            't' => CodePoints.Single('\t'),
            'n' => CodePoints.Single('\n'),
            'v' => CodePoints.Single('\v'),
            'f' => CodePoints.Single('\f'),
            'r' => CodePoints.Single('\r'),
            'b' when inClass => CodePoints.Single('\b'),
            'p' => Property(),
            'P' => Property().Complement(),
            'k' or (>= '1' and <= '9') => throw Error("back references are not supported", back: 2),
            '0' when AtEnd || _text[_at] is < '0' or > '9' => CodePoints.Single(0),
            'c' when !AtEnd && _text[_at] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => CodePoints.Single(_text[_at++] % 32),
            'x' => CodePoints.Single(Hex(2)),
            'u' => CodePoints.Single(UnicodeEscape()),
            < 128 when char.IsPunctuation((char)kind) || char.IsSymbol((char)kind) => CodePoints.Single(kind),
            _ => throw Error($"'\\{char.ConvertFromUtf32(kind)}' is no escape", back: 2),
        };
    }

    /// <summary>What stands behind <c>\p</c>.</summary>
    private CodePoints Property()
    {
        Expect('{');
        var from = _at;
        while (!AtEnd && _text[_at] != '}')
        {
            _at++;
        }

        var name = string.Concat(_text[from.._at].Select(char.ConvertFromUtf32));
        Expect('}');
        return UnicodeProperties.Of(name) ?? throw Error($"\\p{{{(name.Length > 40 ? name[..40] + "…" : name)}}} is not supported; of Unicode properties general categories are");
    }

    /// <summary><c>\uXXXX</c>, a surrogate pair of two, or <c>\u{X…}</c>.</summary>
    private int UnicodeEscape()
    {
        if (Take('{'))
        {
            var from = _at;
            var value = 0;
            while (!AtEnd && _text[_at] != '}')
            {
                value = Math.Min(CodePoints.Max + 1, (16 * value) + HexDigit());
            }

            Expect('}');
            return from + 1 < _at && value <= CodePoints.Max ? value : throw Error("expected a code point up to 10FFFF in \\u{…}");
        }

        var unit = Hex(4);
        if (unit is >= 0xD800 and <= 0xDBFF && _at + 6 <= _text.Length && _text[_at] == '\\' && _text[_at + 1] == 'u')
        {
            var back = _at;
            _at += 2;
            if (Hex(4) is >= 0xDC00 and <= 0xDFFF and var low)
            {
                return 0x10000 + ((unit - 0xD800) << 10) + low - 0xDC00;
            }

            _at = back;
        }

        return unit;
    }

    private int Hex(int digits)
    {
        var value = 0;
        for (var i = 0; i < digits; i++)
        {
            value = (16 * value) + HexDigit();
        }

        return value;
    }

    private int HexDigit() => !AtEnd && _text[_at] < 128 && char.IsAsciiHexDigit((char)_text[_at])
        ? Convert.ToInt32(((char)_text[_at++]).ToString(), 16)
        : throw Error("expected a hexadecimal digit");

    private readonly bool Peek(char expected) => !AtEnd && _text[_at] == expected;

    private bool Take(char expected)
    {
        if (!Peek(expected))
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
            throw Error($"expected '{expected}'{(AtEnd ? ", found the end" : "")}");
        }
    }

    private readonly ConstraintException Error(string what, int back = 0) => new(_keyword, $"{what} (character {_at - back} of the regex)");
}
