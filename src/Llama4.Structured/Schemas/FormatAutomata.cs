using System.Collections.Concurrent;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>The automata of formats: few, the same for every schema, and so compiled once. A schema pays for its formats all the same, so that no schema is refused because it comes first.</summary>
internal static class FormatAutomata
{
    private static readonly ConcurrentDictionary<string, (CharacterAutomaton Automaton, long Steps)> Known = new();

    /// <summary>The strings of a format.</summary>
    /// <param name="regex">One that <see cref="StringFormats"/> gives.</param>
    public static CharacterAutomaton Of(string regex, CompileBudget budget)
    {
        var (automaton, steps) = Known.GetOrAdd(regex, static regex =>
        {
            var own = new CompileBudget();
            return (RegexCompiler.Compile(regex, search: false, own, "format"), own.Spent);
        });
        budget.Spend(steps, "format");
        return automaton;
    }
}
