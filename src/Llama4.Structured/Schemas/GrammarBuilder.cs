using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>Shapes to grammars, without what no text can satisfy.</summary>
internal sealed class GrammarBuilder(Punctuation punctuation, CompileBudget budget)
{
    private readonly Dictionary<ValueShape, UnionGrammar> _known = [];
    private readonly Queue<ValueShape> _open = [];

    /// <summary>The grammar of a possible shape.</summary>
    public Grammar Build(ValueShape root)
    {
        var grammar = Refer(root);
        while (_open.TryDequeue(out var shape))
        {
            _known[shape].Branches =
            [
                .. shape.Texts.IsEmpty ? (IReadOnlyList<Grammar>)[] : [new LexemeGrammar(new TextLexeme(shape.Texts))],
                .. shape.Lexemes.Select(lexeme => new LexemeGrammar(lexeme)),
                .. shape.Arrays.Where(array => array.IsPossible).Select(ArrayOf),
                .. shape.Objects.Where(o => o.IsPossible).Select(ObjectOf),
            ];
        }

        return grammar;
    }

    private UnionGrammar Refer(ValueShape shape)
    {
        if (!_known.TryGetValue(shape, out var grammar))
        {
            grammar = new();
            _known.Add(shape, grammar);
            _open.Enqueue(shape);
        }

        return grammar;
    }

    private ArrayGrammar ArrayOf(ArrayShape array) => new()
    {
        Prefix = [.. array.Prefix.TakeWhile(item => item.IsPossible).Select(Refer)],
        Items = array.Items.IsPossible ? Refer(array.Items) : null,
        Min = array.Min,
        Max = array.MaxPossible,
        Punctuation = punctuation,
    };

    private ObjectGrammar ObjectOf(ObjectShape shape)
    {
        var properties = shape.Properties.Where(property => property.Value.IsPossible)
            .Select(property => new PropertyGrammar(property.Name, Refer(property.Value), property.Required)).ToList();
        budget.Spend(properties.Sum(property => 10L * property.Name.Length), "properties");
        var grammar = new ObjectGrammar(properties) { Min = shape.Min, Max = shape.Max, Punctuation = punctuation };
        if (shape.Additional.IsPossible)
        {
            grammar.Additional = [(AnyKeyBut(shape.Properties.Select(property => property.Name).ToList()), Refer(shape.Additional))];
        }

        return (long)(Math.Max(shape.Min, shape.Max ?? 0) + 1) * (properties.Count + 1) * 16 > int.MaxValue
            ? throw new ConstraintException(shape.Max is null ? "minProperties" : "maxProperties", "the bound is too large for an object of so many properties")
            : grammar;
    }

    /// <summary>Listed names have a place in the order of keys; a property that cannot be filled must not come back as an additional one.</summary>
    private Lexeme AnyKeyBut(List<string> names) =>
        names.Count == 0 ? new StringLexeme(0, null) : new CharacterLexeme(CharacterAutomaton.AllBut(names, budget, "properties"), json: true);
}
