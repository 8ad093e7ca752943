using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>The strings that assertions allow together. Each pattern and format is compiled once for a schema.</summary>
internal sealed class StringAutomata(CompileBudget budget)
{
    private readonly Dictionary<StringRule, CharacterAutomaton> _known = [];

    /// <summary>The lexemes of all strings that satisfy every assertion, one for each quote; none if there are no such strings.</summary>
    public IEnumerable<Lexeme> Lexemes(IReadOnlyList<Assertions> all, byte[] quotes)
    {
        var min = all.Select(one => one.MinLength).DefaultIfEmpty().Max();
        var max = all.Min(one => one.MaxLength);
        if (min > max)
        {
            return [];
        }

        var characters = Characters(all);
        if (characters is null)
        {
            return quotes.Select(quote => new StringLexeme(min, max, quote));
        }

        characters = characters.OfLength(min, null, budget, "minLength");
        if (max is not { } limit)
        {
            return characters.IsEmpty ? [] : quotes.Select(quote => new CharacterLexeme(characters, quote));
        }

        var limited = new LimitedCharacters(characters, limit);
        return limited.IsEmpty ? [] : quotes.Select(quote => new CharacterLexeme(limited, quote));
    }

    /// <summary>Whether one string satisfies an assertion.</summary>
    public bool Allows(Assertions one, string text)
    {
        var length = text.EnumerateRunes().Count();
        return length >= one.MinLength && !(length > one.MaxLength)
            && one.Strings.All(rule => Of(rule).Matches(text)) && !one.NotTexts.Contains(text);
    }

    /// <summary>The strings that satisfy every assertion, enum and const included.</summary>
    public CharacterAutomaton Automaton(IReadOnlyList<Assertions> all)
    {
        if (all.FirstOrDefault(one => one.Values is not null) is { Values: { } values } holder)
        {
            var texts = values.Where(value => value.ValueKind == System.Text.Json.JsonValueKind.String).Select(value => value.GetString()!);
            return CharacterAutomaton.AllBut(texts.Where(text => all.All(one => AllowsText(one, text))), budget, "enum").Not(budget, "enum");
        }

        if (!all.All(one => (one.Types & JsonTypes.String) != 0))
        {
            return CharacterAutomaton.None;
        }

        var max = all.Min(one => one.MaxLength);
        return (Characters(all) ?? CharacterAutomaton.All).OfLength(
            all.Select(one => one.MinLength).DefaultIfEmpty().Max(), max, budget, max is null ? "minLength" : "maxLength");
    }

    /// <summary>Whether one string satisfies an assertion, of its type and values as well.</summary>
    public bool AllowsText(Assertions one, string text) => (one.Types & JsonTypes.String) != 0
        && !(one.Values is { } values && !values.Any(value => value.ValueKind == System.Text.Json.JsonValueKind.String && value.GetString() == text))
        && Allows(one, text);

    /// <summary>The strings that satisfy all assertions but those of length; null for any.</summary>
    private CharacterAutomaton? Characters(IReadOnlyList<Assertions> all)
    {
        CharacterAutomaton? both = null;
        foreach (var rule in all.SelectMany(one => one.Strings).Distinct())
        {
            both = both is null ? Of(rule) : both.And(Of(rule), budget, rule.Keyword);
        }

        if (all.Any(one => one.NotTexts.Count > 0))
        {
            var others = CharacterAutomaton.AllBut(all.SelectMany(one => one.NotTexts).Distinct(), budget, "enum");
            both = both?.And(others, budget, "enum") ?? others;
        }

        return both;
    }

    /// <summary>The strings that a rule allows.</summary>
    public CharacterAutomaton Of(StringRule rule)
    {
        if (!_known.TryGetValue(rule, out var known))
        {
            known = rule.Excluded ? Of(rule with { Excluded = false }).Not(budget, rule.Keyword)
                : rule.Keyword == "format" ? FormatAutomata.Of(rule.Regex, budget)
                : RegexCompiler.Compile(rule.Regex, rule.Search, budget, rule.Keyword);
            _known.Add(rule, known);
        }

        return known;
    }
}
