using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>
/// Keys that are not listed, divided by what their values must satisfy: by which patterns match them. What is left out
/// are keys that propertyNames forbids. A class of few keys is listed instead, so that no key of it comes twice.
/// </summary>
internal sealed class KeyClasses(SchemaExpansion expansion, StringAutomata strings, CompileBudget budget)
{
    /// <summary>Classes of so few keys are listed.</summary>
    private const int ListedMax = 64;

    private const int ClassesMax = 256;

    /// <summary>Whether some schema of an object asks which keys there are, beyond names of properties.</summary>
    public static bool AreNeeded(IReadOnlyList<Assertions> all) => all.Any(one => one.PatternProperties.Count > 0 || one.PropertyNames is not null);

    /// <summary>Whether a key matches a pattern.</summary>
    public bool Matches(string pattern, string key) => strings.Of(Rule(pattern)).Matches(key);

    /// <summary>Whether propertyNames allows a key.</summary>
    public bool Allows(IReadOnlyList<Assertions> all, string key) => all.All(one => one.PropertyNames is not { } pointer
        || expansion.Of(pointer).Any(alternative => alternative.All(name => strings.AllowsText(name, key))));

    /// <summary>The keys, apart from the listed ones, that few others are beside: to be listed as well.</summary>
    public IReadOnlyList<string> Listed(IReadOnlyList<Assertions> all, IReadOnlyCollection<string> listed) =>
        [.. Candidates(all).Where(key => !listed.Contains(key)).Distinct().Where(key => Allows(all, key)),
            .. Divide(all, listed).SelectMany(one => one.Texts(ListedMax) ?? [])];

    /// <summary>The classes of all other keys, each with a key's pointers.</summary>
    public IReadOnlyList<(CharacterAutomaton Keys, IReadOnlyList<string> Pointers)> Others(IReadOnlyList<Assertions> all, IReadOnlyCollection<string> listed) =>
        [.. Divide(all, listed).Select(keys => (keys, PointersOf(all, Example(keys))))];

    /// <summary>All that the value of a key must satisfy.</summary>
    public IReadOnlyList<string> PointersOf(IReadOnlyList<Assertions> all, string key) =>
        [.. all.SelectMany(one => one.SchemasOf(key, pattern => Matches(pattern, key))).Distinct()];

    /// <summary>The keys that an enum or const of propertyNames lists, in its order.</summary>
    private IEnumerable<string> Candidates(IReadOnlyList<Assertions> all) => all
        .Where(one => one.PropertyNames is not null)
        .SelectMany(one => expansion.Of(one.PropertyNames!))
        .SelectMany(alternative => alternative.FirstOrDefault(one => one.Values is not null)?.Values ?? [])
        .Where(value => value.ValueKind == System.Text.Json.JsonValueKind.String)
        .Select(value => value.GetString()!)
        .Take(1_000);

    private List<CharacterAutomaton> Divide(IReadOnlyList<Assertions> all, IReadOnlyCollection<string> listed)
    {
        var rest = listed.Count == 0 ? CharacterAutomaton.All : CharacterAutomaton.AllBut(listed, budget, "properties");
        foreach (var pointer in all.Select(one => one.PropertyNames).OfType<string>().Distinct())
        {
            var allowed = expansion.Of(pointer).Aggregate(CharacterAutomaton.None, (any, names) => any.Or(strings.Automaton(names), budget, "propertyNames"));
            rest = rest.And(allowed, budget, "propertyNames");
        }

        var classes = rest.IsEmpty ? [] : new List<CharacterAutomaton> { rest };
        foreach (var pattern in all.SelectMany(one => one.PatternProperties).Select(one => one.Pattern).Distinct())
        {
            classes = [.. classes.SelectMany(keys => new[] { Rule(pattern), Rule(pattern) with { Excluded = true } }
                .Select(rule => keys.And(strings.Of(rule), budget, "patternProperties")).Where(part => !part.IsEmpty))];
            if (classes.Count > ClassesMax)
            {
                throw new ConstraintException("patternProperties", $"the patterns divide keys into more than {ClassesMax} classes");
            }
        }

        return classes;
    }

    private static string Example(CharacterAutomaton keys) => keys.Shortest();

    private static StringRule Rule(string pattern) => new(pattern, Search: true, Excluded: false, "patternProperties");
}
