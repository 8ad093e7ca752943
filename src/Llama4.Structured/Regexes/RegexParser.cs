using System.Text;

namespace Llama4.Structured.Regexes;

/// <summary>
/// Reads the regular part of ECMA-262 with the <c>u</c> flag. What is not regular (back references) or not supported
/// (lookbehind, Unicode properties other than general categories, flags) is an error. More lenient than ECMA-262 in one thing: any
/// ASCII punctuation may be escaped, as schemas in the wild write <c>\-</c> and <c>\"</c>.
/// </summary>
internal sealed partial class RegexParser(string text, string keyword) : PatternParser(text)
{
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
        Enter();

        var branches = new List<RegexTree> { Sequence() };
        while (Take('|'))
        {
            branches.Add(Sequence());
        }

        Leave();
        return branches.Count == 1 ? branches[0] : new RegexTree.Alternatives(branches);
    }

    private RegexTree Sequence()
    {
        var parts = new List<RegexTree>();
        while (!AtEnd && Text[At] is not ('|' or ')'))
        {
            parts.Add(Term());
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
            max = !Take(',') ? min : Peek('}') ? null : Count();
            Expect('}');
            CheckCounts(min, max);
        }
        else
        {
            return body;
        }

        Take('?'); // lazy or greedy: the same language
        return new RegexTree.Repeated(body, min, max);
    }

    /// <summary>An assertion, or an atom and how often it stands. An assertion does not repeat, but a group with nothing else in it does.</summary>
    private RegexTree Term()
    {
        var first = Text[At++];
        switch (first)
        {
            case '(':
                var look = Group();
                var body = Alternatives();
                Expect(')');
                return look is { } negated ? new RegexTree.Look(body, negated) : Quantified(body);
            case '[':
                return Quantified(new RegexTree.Characters(Class()));
            case '.':
                return Quantified(new RegexTree.Characters(CodePoints.Dot));
            case '^':
                return new RegexTree.Start();
            case '$':
                return new RegexTree.End();
            case '\\' when Peek('b') || Peek('B'):
                return new RegexTree.Boundary(Negated: Text[At++] == 'B');
            case '\\':
                return Quantified(new RegexTree.Characters(Escape(inClass: false)));
            case '*' or '+' or '?' or '{':
                throw Error($"'{(char)first}' has nothing to repeat", back: 1);
            case ']' or '}':
                throw Error($"'{(char)first}' is unmatched; expected '\\{(char)first}'", back: 1);
            default:
                return Quantified(new RegexTree.Characters(CodePoints.Single(first)));
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
            return Text[At++] == '!';
        }

        if (!Take('<'))
        {
            throw Error("flags in a group are not supported");
        }

        if (Peek('=') || Peek('!'))
        {
            throw Error("lookbehind is not supported");
        }

        var from = At;
        while (!AtEnd && Text[At] != '>')
        {
            var rune = Text[At];
            if (!(rune is '_' or '$' || (Rune.TryCreate(rune, out var value) && Rune.IsLetterOrDigit(value))))
            {
                throw Error("expected a group's name of letters and digits");
            }

            At++;
        }

        if (from == At)
        {
            throw Error("expected a group's name");
        }

        Expect('>');
        return null;
    }

    protected override ConstraintException Error(string what) => Error(what, back: 0);

    /// <param name="back">How many code points before the next one it is.</param>
    private ConstraintException Error(string what, int back) => new(keyword, $"{what} (character {At - back} of the regex)");
}
