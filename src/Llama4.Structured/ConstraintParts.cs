using System.Text;
using System.Text.Json;
using Llama4.Structured.Calls;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;
using Llama4.Structured.Schemas;

namespace Llama4.Structured;

/// <summary>Pieces to put a constraint together from. The whole becomes one by <see cref="Constraint.OfGrammar(Grammar)"/>.</summary>
public static class ConstraintParts
{
    /// <summary>This text, as it is.</summary>
    public static Grammar Literal(string text) => new LexemeGrammar(TextLexeme.Of(Encoding.UTF8.GetBytes(text)));

    /// <summary>A JSON text of a value that is valid under a schema, as of <see cref="Constraint.OfSchema"/>.</summary>
    /// <exception cref="ConstraintException">See <see cref="Constraint.OfSchema"/>.</exception>
    public static Grammar Schema(JsonElement schema) => SchemaCompiler.Compile(schema);

    /// <summary>Named arguments in Python's form, <c>name=value, name=value</c>, without brackets around: the members of the objects that are valid under a schema, in its order.</summary>
    /// <exception cref="ConstraintException">See <see cref="Constraint.OfSchema"/>; also where its objects cannot be passed so.</exception>
    public static Grammar PythonArguments(JsonElement schema) => ArgumentsGrammar.Of(SchemaCompiler.Compile(schema));

    /// <summary>What a regex (ECMA-262 with the <c>u</c> flag) matches from end to end.</summary>
    /// <exception cref="ConstraintException">The regex is wrong, not supported, too large, or nothing matches it.</exception>
    public static Grammar Regex(string regex)
    {
        var characters = RegexCompiler.Compile(regex, search: false, new CompileBudget(), "regex");
        return characters.IsEmpty
            ? throw new ConstraintException("regex", "no text matches it")
            : new LexemeGrammar(new CharacterLexeme(characters, json: false));
    }

    /// <summary>The pieces one after the other.</summary>
    public static Grammar Sequence(params IReadOnlyList<Grammar> parts) => Grammar.Sequence(parts);

    /// <summary>One of the pieces.</summary>
    public static Grammar Choice(params IReadOnlyList<Grammar> branches) => Grammar.Union(branches);

    /// <summary>A piece, which is not empty, several times, with a text between them.</summary>
    /// <param name="max">How often at most; null for any number.</param>
    public static Grammar Repeat(Grammar part, string separator = "", int? max = null) => new RepeatedGrammar(part, Literal(separator), max);
}
