using System.Text;
using System.Text.Json;
using Llama4.Structured.Automata;
using Llama4.Structured.Gbnf;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;
using Llama4.Structured.Schemas;
using Llama4.Structured.Vocabularies;

namespace Llama4.Structured;

/// <summary>
/// What an answer must look like. Compiled once, then used by any number of sequences and threads, which take turns.
/// A state depends on the constraint and the tokens so far alone: replayed on another host it gives the same masks.
/// </summary>
public sealed class Constraint
{
    private readonly Lock _gate = new();
    private readonly ByteAutomaton _automaton;
    private readonly StateKey _start;
    private TokenMasks? _masks;

    private Constraint(Grammar root)
    {
        _automaton = new(root);
        _start = _automaton.Start();
    }

    /// <summary>The canonical texts of the values that are valid under a JSON Schema (draft 2020-12).</summary>
    /// <remarks>Keys that are not listed may repeat: the automaton does not remember them.</remarks>
    /// <exception cref="ConstraintException">The schema is wrong, not supported, too large, or nothing satisfies it; the message names the keyword.</exception>
    public static Constraint OfSchema(JsonElement schema) => new(SchemaCompiler.Compile(schema));

    /// <summary>The texts that a regex (ECMA-262 with the <c>u</c> flag) matches from end to end.</summary>
    /// <exception cref="ConstraintException">The regex is wrong, not supported, too large, or nothing matches it.</exception>
    public static Constraint OfRegex(string regex)
    {
        var characters = RegexCompiler.Compile(regex, search: false, new CompileBudget(), "regex");
        return characters.IsEmpty
            ? throw new ConstraintException("regex", "no text matches it")
            : new(new LexemeGrammar(new CharacterLexeme(characters, quote: null)));
    }

    /// <summary>One of these texts, as they are.</summary>
    /// <exception cref="ConstraintException">There are none, or too many.</exception>
    public static Constraint OfChoice(IReadOnlyCollection<string> choices)
    {
        if (choices.Count == 0)
        {
            throw new ConstraintException("choice", "expected at least one text");
        }

        if (choices.Sum(choice => (long)choice.Length) > CompileBudget.TextBytesMax)
        {
            throw new ConstraintException("choice", $"expected at most {CompileBudget.TextBytesMax} characters in all");
        }

        var texts = new TextSet();
        foreach (var choice in choices)
        {
            texts.End(texts.Raw(TextSet.Root, Encoding.UTF8.GetBytes(choice)));
        }

        return new(new LexemeGrammar(new TextLexeme(texts)));
    }

    /// <summary>The texts of a grammar in llama.cpp's form (GBNF), from its rule <c>root</c> on. Rules may recur, but not begin with themselves.</summary>
    /// <exception cref="ConstraintException">The grammar is wrong, not supported, too large, or no finite text comes of it.</exception>
    public static Constraint OfGrammar(string text) => new(GbnfCompiler.Compile(text));

    /// <summary>The texts of a grammar that is put together from <see cref="ConstraintParts"/>, such as calls of one of several tools.</summary>
    public static Constraint OfGrammar(Grammar grammar) => new(grammar);

    /// <summary>The state before the first token. The first state over a vocabulary decides which one the constraint keeps masks for.</summary>
    public ConstraintState Start(Vocabulary vocabulary)
    {
        lock (_gate)
        {
            var masks = _masks is { } kept && kept.Vocabulary == vocabulary ? kept : _masks = new(_automaton, vocabulary);
            return new(this, masks, _start);
        }
    }

    /// <summary>Whether a text is one of those the constraint allows.</summary>
    /// <exception cref="ConstraintException">See <see cref="ConstraintState.FillMask"/>.</exception>
    public bool Accepts(string text)
    {
        lock (_gate)
        {
            return Follow(_start, Encoding.UTF8.GetBytes(text)) is { Complete: true };
        }
    }

    /// <summary>Where bytes lead; null for nowhere.</summary>
    internal StateKey? Advance(StateKey from, ReadOnlySpan<byte> bytes)
    {
        lock (_gate)
        {
            return Follow(from, bytes);
        }
    }

    internal void FillMask(TokenMasks masks, StateKey key, Span<uint> mask)
    {
        lock (_gate)
        {
            _automaton.Begin();
            masks.Fill(_automaton.Number(key), mask);
        }
    }

    private StateKey? Follow(StateKey from, ReadOnlySpan<byte> bytes)
    {
        _automaton.Begin(bytes.Length);
        var state = _automaton.Number(from);
        foreach (var value in bytes)
        {
            if (_automaton.IsCrowded)
            {
                _automaton.Forget(new Span<int>(ref state));
            }

            state = _automaton.Step(state, value);
            if (state < 0)
            {
                return null;
            }
        }

        return _automaton.KeyOf(state);
    }
}
