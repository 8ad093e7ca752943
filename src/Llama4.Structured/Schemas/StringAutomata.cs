using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>The strings that assertions allow together. Each pattern and format is compiled once for a schema.</summary>
internal sealed class StringAutomata(CompileBudget budget)
{
    private readonly Dictionary<(string Text, bool Search), CharacterAutomaton> _known = [];

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

        characters = characters.OfLength(min, max, budget, max is null ? "minLength" : "maxLength");
        return characters.IsEmpty ? [] : quotes.Select(quote => new CharacterLexeme(characters, quote));
    }

    /// <summary>Whether one string satisfies an assertion.</summary>
    public bool Allows(Assertions one, string text)
    {
        var length = text.EnumerateRunes().Count();
        return length >= one.MinLength && !(length > one.MaxLength) && (Characters([one])?.Matches(text) ?? true);
    }

    private CharacterAutomaton? Characters(IReadOnlyList<Assertions> all)
    {
        CharacterAutomaton? both = null;
        foreach (var key in all.SelectMany(Regexes).Distinct())
        {
            if (!_known.TryGetValue(key, out var one))
            {
                one = RegexCompiler.Compile(key.Text, key.Search, budget, key.Search ? "pattern" : "format");
                _known.Add(key, one);
            }

            both = both is null ? one : both.And(one, budget, "pattern");
        }

        return both;
    }

    private static IEnumerable<(string Text, bool Search)> Regexes(Assertions one)
    {
        foreach (var pattern in one.Patterns)
        {
            yield return (pattern, true);
        }

        if (one.Format is { } format)
        {
            yield return (StringFormats.Regex(format), false);
        }
    }
}
