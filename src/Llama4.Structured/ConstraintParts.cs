using System.Text;
using System.Text.Json;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;
using Llama4.Structured.Schemas;

namespace Llama4.Structured;

/// <summary>
/// Pieces to put a constraint together from, such as <c>[</c>, calls of one of several tools with a comma between them, and
/// <c>]</c>. A piece may be used several times, in several constraints, but by one thread at a time: constraints that share
/// a piece must not be used at once. The whole becomes a constraint by <see cref="Constraint.OfGrammar(Grammar)"/>.
/// </summary>
public static class ConstraintParts
{
    private const int RepeatMax = 100_000;

    /// <summary>This text, as it is.</summary>
    public static Grammar Literal(string text) => new LexemeGrammar(TextLexeme.Of(Encoding.UTF8.GetBytes(text)));

    /// <summary>A JSON text of a value that is valid under a schema, as of <see cref="Constraint.OfSchema"/>.</summary>
    /// <exception cref="ConstraintException">See <see cref="Constraint.OfSchema"/>.</exception>
    public static Grammar Schema(JsonElement schema) => SchemaCompiler.Compile(schema);

    /// <summary>
    /// Named arguments in Python's form, <c>name=value, name=value</c>, without brackets around: the members of the objects
    /// that are valid under a schema, in the schema's order, with one space or none after a comma. A value is JSON, or the
    /// like in Python: strings in single quotes, <c>True False None</c>. A property that is no identifier and not required
    /// cannot be given. Numbers without bounds have exponents of two digits at most.
    /// </summary>
    /// <exception cref="ConstraintException">
    /// See <see cref="Constraint.OfSchema"/>; also where the schema has no objects, other than by enum or const, or
    /// requires a property that is no identifier.
    /// </exception>
    public static Grammar PythonArguments(JsonElement schema) => SchemaCompiler.CompileArguments(schema);

    /// <summary>What a regex (ECMA-262 with the <c>u</c> flag) matches from end to end.</summary>
    /// <exception cref="ConstraintException">The regex is wrong, not supported, too large, or nothing matches it.</exception>
    public static Grammar Regex(string regex)
    {
        var characters = RegexCompiler.Compile(regex, search: false, new CompileBudget(), "regex");
        return characters.IsEmpty
            ? throw new ConstraintException("regex", "no text matches it")
            : new LexemeGrammar(new CharacterLexeme(characters, quote: null));
    }

    /// <summary>The pieces one after the other; the empty text if there are none.</summary>
    public static Grammar Sequence(params IReadOnlyList<Grammar> parts) => parts.Count == 0 ? Literal("") : new SequenceGrammar([.. parts]);

    /// <summary>One of the pieces.</summary>
    /// <exception cref="ConstraintException">There are none.</exception>
    public static Grammar Choice(params IReadOnlyList<Grammar> branches) => branches.Count == 0
        ? throw new ConstraintException("choice", "expected at least one")
        : new UnionGrammar { Branches = [.. branches] };

    /// <summary>A piece several times, with a text between them.</summary>
    /// <param name="max">How often at most; null for any number.</param>
    /// <exception cref="ArgumentOutOfRangeException">The bounds are none, or above 100,000.</exception>
    public static Grammar Repeat(Grammar part, string separator = "", int min = 1, int? max = null)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(min);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(min, max ?? RepeatMax);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(max ?? min, RepeatMax);
        return new RepeatGrammar(part, separator.Length == 0 ? null : Literal(separator), min, max);
    }
}
