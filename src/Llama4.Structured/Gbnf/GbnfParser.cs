using System.Globalization;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Gbnf;

/// <summary>
/// Reads llama.cpp's grammars (its grammars/README.md): rules <c>name ::= …</c> of literals, classes, <c>.</c>, groups,
/// repeats and branches. More lenient in three things: names may hold <c>_</c>, any ASCII punctuation may be escaped, and a
/// line that starts with <c>|</c> goes on with the rule above. Tokens by number or name are refused.
/// </summary>
internal sealed partial class GbnfParser(string text) : PatternParser(text)
{
    private readonly OrderedDictionary<string, RegexTree> _rules = [];

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

        if (!AtEnd && Text[At] is not ('\n' or '\r'))
        {
            throw Error($"expected the end of the rule {name}, found '{char.ConvertFromUtf32(Text[At])}'");
        }

        Skip(lines: true);
    }

    private RegexTree Alternatives(bool nested)
    {
        Enter();

        var branches = new List<RegexTree> { Sequence(nested) };
        while (TakeBranch(nested))
        {
            Skip(lines: true);
            branches.Add(Sequence(nested));
        }

        Leave();
        return branches.Count == 1 ? branches[0] : new RegexTree.Alternatives(branches);
    }

    /// <summary>A branch may start on a line of its own.</summary>
    private bool TakeBranch(bool nested)
    {
        var back = At;
        Skip(lines: true);
        if (Take('|'))
        {
            return true;
        }

        At = nested ? At : back;
        return false;
    }

    private RegexTree Sequence(bool nested)
    {
        var parts = new List<RegexTree>();
        Skip(nested);
        while (!AtEnd && Text[At] is not ('|' or ')' or '\n' or '\r'))
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

        var first = Text[At++];
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
            max = Peek('}') ? null : Count();
            Skip(lines: false);
        }

        Expect('}');
        CheckCounts(min, max);
        return (min, max);
    }

    private string? Name()
    {
        var from = At;
        while (!AtEnd && Text[At] < 128 && (char.IsAsciiLetterOrDigit((char)Text[At]) || Text[At] is '-' or '_'))
        {
            At++;
        }

        return from == At ? null : string.Concat(Text[from..At].Select(char.ConvertFromUtf32));
    }

    /// <summary>Passes over spaces and comments, and over ends of lines if asked to.</summary>
    private void Skip(bool lines)
    {
        while (!AtEnd && (Text[At] is ' ' or '\t' or '#' || (lines && Text[At] is '\n' or '\r')))
        {
            if (Text[At] != '#')
            {
                At++;
                continue;
            }

            while (!AtEnd && Text[At] is not ('\n' or '\r'))
            {
                At++;
            }
        }
    }

    protected override ConstraintException Error(string what) => new(
        "grammar", string.Create(CultureInfo.InvariantCulture, $"{what} (line {1 + Text[..Math.Min(At, Text.Length)].Count(value => value == '\n')})"));
}
