using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>Shapes to grammars, without what no text can satisfy. A shape that allows more than the schema is refused if some text needs it.</summary>
/// <param name="refuse">Makes the error of a refusal.</param>
internal sealed class GrammarBuilder(Punctuation punctuation, ValueForms forms, CompileBudget budget, Func<ConstraintException, ConstraintException> refuse)
{
    private readonly Dictionary<ValueShape, UnionGrammar> _known = [];
    private readonly Queue<ValueShape> _open = [];
    private CharacterAutomaton? _names;

    /// <summary>What an argument can be called.</summary>
    private CharacterAutomaton Names => _names ??= RegexCompiler.Compile("[A-Za-z_][A-Za-z0-9_]*", search: false, budget, "properties");

    /// <summary>The grammar of a possible shape.</summary>
    public Grammar Build(ValueShape root)
    {
        var grammar = Refer(root);
        BuildOpen();
        return grammar;
    }

    /// <summary>The grammar of the arguments that a shape's objects stand for.</summary>
    /// <exception cref="ConstraintException">The shape has no objects, or a property that is required is no name of an argument.</exception>
    public Grammar BuildArguments(ValueShape root)
    {
        var objects = root.Objects.Where(o => o.IsPossible).Select(ArgumentsOf).ToList();
        BuildOpen();
        return objects.Count > 0
            ? new UnionGrammar { Branches = objects }
            : throw new ConstraintException("schema", "arguments need a schema of objects, other than by enum or const");
    }

    private void BuildOpen()
    {
        while (_open.TryDequeue(out var shape))
        {
            Check(shape.Refusal);
            _known[shape].Branches =
            [
                .. shape.Texts.IsEmpty ? (IReadOnlyList<Grammar>)[] : [new LexemeGrammar(new TextLexeme(shape.Texts))],
                .. shape.Lexemes.Select(lexeme => new LexemeGrammar(lexeme)),
                .. shape.Arrays.Where(array => array.IsPossible).Select(ArrayOf),
                .. shape.Objects.Where(o => o.IsPossible).Select(ObjectOf),
            ];
        }
    }

    private void Check(ConstraintException? refusal)
    {
        if (refusal is not null)
        {
            throw refuse(refusal);
        }
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

    private Grammar ArrayOf(ArrayShape array)
    {
        Check(array.Refusal);
        if (array.Distinct is { } distinct)
        {
            var values = distinct.Select(texts => (Grammar)new LexemeGrammar(new TextLexeme(texts))).ToList();
            return new DistinctGrammar(values, array.Min, Math.Min(array.Max ?? values.Count, values.Count), punctuation);
        }

        return array.Contains is { } contains
            ? new ContainsGrammar
            {
                Items = [.. contains.Items.Select(item => new ContainsItem(Possible(item.Plain), Possible(item.Counted)))],
                Bounds = contains.Bounds,
                Punctuation = punctuation,
            }
            : PlainArrayOf(array);
    }

    private UnionGrammar? Possible(ValueShape? shape) => shape is { IsPossible: true } ? Refer(shape) : null;

    private ArrayGrammar PlainArrayOf(ArrayShape array) => new()
    {
        Prefix = [.. array.Prefix.TakeWhile(item => item.IsPossible).Select(Refer)],
        Items = array.Items.IsPossible ? Refer(array.Items) : null,
        Min = array.Min,
        Max = array.MaxPossible,
        Punctuation = punctuation,
    };

    private ObjectGrammar ObjectOf(ObjectShape shape)
    {
        Check(shape.Refusal);
        var properties = PropertiesOf(shape, shape.Properties);
        var grammar = new ObjectGrammar(properties, KeyLexeme.Keys(properties.Select(property => property.Name), forms.Quotes))
        {
            Min = shape.Min,
            Max = shape.Max,
            Punctuation = punctuation,
            Open = punctuation.OpenObject,
            End = punctuation.CloseObject,
            Colon = punctuation.Colon,
        };
        grammar.Additional = [.. shape.Additional.Where(one => one.Value.IsPossible).SelectMany(one =>
        {
            var value = Refer(one.Value);
            return OtherKeys(one.Keys, shape).Select(key => (key, (Grammar)value));
        })];
        return Checked(grammar, shape);
    }

    private ObjectGrammar ArgumentsOf(ObjectShape shape)
    {
        Check(shape.Refusal);
        if (shape.Properties.FirstOrDefault(property => property.Required && !Names.Matches(property.Name)) is { } required)
        {
            throw new ConstraintException("required", $"expected names of letters, digits and _ for arguments, found \"{required.Name}\"");
        }

        var properties = PropertiesOf(shape, shape.Properties.Where(property => Names.Matches(property.Name)));
        var grammar = new ObjectGrammar(properties, KeyLexeme.Arguments(properties.Select(property => property.Name)))
        {
            Min = shape.Min,
            Max = shape.Max,
            Punctuation = punctuation,
            Open = punctuation.Nothing,
            End = punctuation.Nothing,
            Colon = TextLexeme.Of("="u8),
        };
        grammar.Additional = [.. shape.Additional.Where(one => one.Value.IsPossible)
            .Select(one => (Keys: (one.Keys ?? AllBut(shape)).And(Names, budget, "properties"), one.Value))
            .Where(one => !one.Keys.IsEmpty)
            .Select(one => ((Lexeme)new CharacterLexeme(one.Keys, quote: null), (Grammar)Refer(one.Value)))];
        return Checked(grammar, shape);
    }

    private List<PropertyGrammar> PropertiesOf(ObjectShape shape, IEnumerable<PropertyShape> listed)
    {
        budget.Spend(shape.Properties.Sum(property => 10L * property.Name.Length), "properties");
        return [.. listed.Where(property => property.Value.IsPossible)
            .Select(property => new PropertyGrammar(property.Name, Refer(property.Value), property.Required, property.Counts))];
    }

    private static ObjectGrammar Checked(ObjectGrammar grammar, ObjectShape shape)
    {
        return (long)(Math.Max(shape.Min, shape.Max ?? 0) + 1) * (grammar.Properties.Count + 1) * 16 > int.MaxValue
            ? throw new ConstraintException(shape.Max is null ? "minProperties" : "maxProperties", "the bound is too large for an object of so many properties")
            : grammar;
    }

    /// <summary>Listed names have a place in the order of keys; a property that cannot be filled must not come back as an additional one.</summary>
    private IEnumerable<Lexeme> OtherKeys(CharacterAutomaton? keys, ObjectShape shape)
    {
        if (keys is null && shape.Properties.Count == 0)
        {
            return forms.Quotes.Select(quote => new StringLexeme(0, null, quote));
        }

        var others = keys ?? AllBut(shape);
        return forms.Quotes.Select(quote => new CharacterLexeme(others, quote));
    }

    private CharacterAutomaton AllBut(ObjectShape shape) =>
        CharacterAutomaton.AllBut(shape.Properties.Select(property => property.Name), budget, "properties");
}
