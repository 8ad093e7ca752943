using System.Text.Json;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>
/// A JSON Schema to the grammar of its canonical texts, in three steps: expand every schema that a value can meet into
/// alternatives, join each alternative's assertions per type, and leave out what no finite text can satisfy.
/// </summary>
internal sealed class SchemaCompiler
{
    private readonly CompileBudget _budget = new();
    private readonly ValueForms _forms;
    private readonly SchemaDocument _document;
    private readonly SchemaExpansion _expansion;
    private readonly StringAutomata _strings;
    private readonly ValueCheck _values;
    private readonly Punctuation _punctuation = new();
    private readonly Dictionary<string, ValueShape> _shapes = [];
    private readonly Queue<ValueShape> _open = [];
    private readonly List<ValueShape> _all = [];

    private SchemaCompiler(JsonElement schema, ValueForms forms)
    {
        _forms = forms;
        _document = new(schema);
        _expansion = new(_document, _budget);
        _strings = new(_budget);
        _values = new(_expansion, _strings);
    }

    /// <summary>The grammar of a schema.</summary>
    /// <exception cref="ConstraintException">See <see cref="Constraint.OfSchema"/>.</exception>
    public static Grammar Compile(JsonElement schema)
    {
        var compiler = Of(schema, ValueForms.Json);
        return compiler.Builder().Build(compiler.Shape());
    }

    /// <summary>The grammar of named arguments in Python's form, <c>name=value, name=value</c>, that an object's schema allows.</summary>
    /// <exception cref="ConstraintException">See <see cref="ConstraintParts.PythonArguments"/>.</exception>
    public static Grammar CompileArguments(JsonElement schema)
    {
        var compiler = Of(schema, ValueForms.Python);
        return compiler.Builder().BuildArguments(compiler.Shape());
    }

    private static SchemaCompiler Of(JsonElement schema, ValueForms forms)
    {
        if (schema.GetRawText().Length > CompileBudget.TextBytesMax)
        {
            throw new ConstraintException("schema", $"expected at most {CompileBudget.TextBytesMax} characters, found {schema.GetRawText().Length}");
        }

        return new SchemaCompiler(AssertionReader.Schema("schema", schema), forms);
    }

    private GrammarBuilder Builder() => new(_punctuation, _forms, _budget);

    /// <summary>What the whole schema allows.</summary>
    private ValueShape Shape()
    {
        var root = ShapeOf([""]);
        var exclusive = new List<ValueShape>();
        while (_open.TryDequeue(out var shape) || _expansion.MustBeEmpty.Count > 0)
        {
            if (shape is null)
            {
                exclusive.Add(ShapeOf(_expansion.MustBeEmpty.Dequeue()));
                continue;
            }

            foreach (var alternative in shape.Alternatives)
            {
                Describe(shape, alternative);
            }
        }

        ValueShape.FindPossible(_all);
        if (exclusive.Any(shape => shape.IsPossible))
        {
            throw new ConstraintException("oneOf", "a value could satisfy two of the branches; only branches that exclude each other are supported");
        }

        if (!root.IsPossible)
        {
            var keywords = _expansion.Contradictions.Concat(root.Alternatives.SelectMany(all => all).SelectMany(one => one.Keywords)).Distinct().ToList();
            throw new ConstraintException(keywords.FirstOrDefault() ?? "schema", $"no finite text satisfies the schema ({string.Join(", ", keywords.DefaultIfEmpty("false"))})");
        }

        return root;
    }

    /// <summary>What satisfies all schemas at these pointers.</summary>
    private ValueShape ShapeOf(IReadOnlyCollection<string> pointers)
    {
        var key = string.Concat(pointers.Select(pointer => $"#{pointer}\n"));
        return _shapes.TryGetValue(key, out var shape) ? shape : Add(key, _expansion.Of(pointers));
    }

    private ValueShape ShapeOf(Assertions[] alternative)
    {
        var key = "\n" + string.Join('\n', alternative.Select(one => one.Pointer));
        return _shapes.TryGetValue(key, out var shape) ? shape : Add(key, [alternative]);
    }

    private ValueShape Add(string key, Assertions[][] alternatives)
    {
        _budget.Spend(100, "schema");
        var shape = new ValueShape(alternatives);
        _shapes.Add(key, shape);
        _all.Add(shape);
        _open.Enqueue(shape);
        return shape;
    }

    private void Describe(ValueShape shape, Assertions[] all)
    {
        _budget.Spend(50 + (10 * all.Length), "schema");
        var types = all.Aggregate(JsonTypes.All, (types, one) => types & one.Types);
        if (all.FirstOrDefault(one => one.Values is not null) is { Values: { } values } holder)
        {
            _budget.Spend(20L * values.Count * all.Length, "enum");
            var allowed = values.Where(value => _values.Allows(all, value, holder)).ToList();
            foreach (var value in allowed)
            {
                CanonicalText.Add(shape.Texts, value, _forms, _budget);
            }

            Contradict(allowed.Count > 0, "enum", "const", "type");
            return;
        }

        AddLiterals(shape, types);
        if ((types & (JsonTypes.Integer | JsonTypes.Number)) != 0)
        {
            var range = all.Aggregate(new NumberRange { Integer = (types & JsonTypes.Number) == 0 }, Narrow);
            Contradict(shape.Add(Numbers(range)), "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");
        }

        if ((types & JsonTypes.String) != 0)
        {
            Contradict(shape.Add(_strings.Lexemes(all, _forms.Quotes)), "minLength", "maxLength", "pattern", "format");
        }

        if ((types & JsonTypes.Array) != 0)
        {
            DescribeArray(shape, all);
        }

        if ((types & JsonTypes.Object) != 0)
        {
            DescribeObject(shape, all);
        }

        void Contradict(bool possible, params string[] keywords)
        {
            if (!possible)
            {
                _expansion.Contradictions.AddRange(keywords.Where(keyword => all.Any(one => one.Keywords.Contains(keyword))));
            }
        }
    }

    private IEnumerable<Lexeme> Numbers(NumberRange range)
    {
        if (_forms == ValueForms.Python && range is { IsUnbounded: true, Integer: false })
        {
            return [new CharacterLexeme(RegexCompiler.Compile(ValueForms.PythonNumber, search: false, _budget, "type"), quote: null)];
        }

        return NumberLexeme.Of(range, _budget) is { } numbers ? [numbers] : [];
    }

    private static NumberRange Narrow(NumberRange range, Assertions one)
    {
        range = one.Range.Low is { } low ? range.AtLeast(low, one.Range.LowOpen) : range;
        range = one.Range.High is { } high ? range.AtMost(high, one.Range.HighOpen) : range;
        return one.Range.MultipleOf is { } divisor ? range.And(divisor) : range;
    }

    private void AddLiterals(ValueShape shape, JsonTypes types)
    {
        if ((types & JsonTypes.Null) != 0)
        {
            shape.Texts.End(shape.Texts.Word(TextSet.Root, _forms.Null));
        }

        if ((types & JsonTypes.Boolean) != 0)
        {
            shape.Texts.End(shape.Texts.Word(TextSet.Root, _forms.True));
            shape.Texts.End(shape.Texts.Word(TextSet.Root, _forms.False));
        }
    }

    private void DescribeArray(ValueShape shape, Assertions[] all)
    {
        var length = all.Select(one => one.PrefixItems.Count).DefaultIfEmpty().Max();
        var min = all.Select(one => one.MinItems).DefaultIfEmpty().Max();
        var prefix = Enumerable.Range(0, length)
            .Select(i => ShapeOf([.. all.Select(one => i < one.PrefixItems.Count ? one.PrefixItems[i] : one.Items).OfType<string>().Distinct()]))
            .ToList();
        shape.Arrays.Add(new(prefix, ShapeOf([.. all.Select(one => one.Items).OfType<string>().Distinct()]), min, all.Min(one => one.MaxItems)));
    }

    private void DescribeObject(ValueShape shape, Assertions[] all)
    {
        var required = all.SelectMany(one => one.Required).Distinct().ToList();
        var names = all.SelectMany(one => one.Properties).Select(property => property.Name).Concat(required).Distinct().ToList();
        _budget.Spend(10L * names.Count * all.Length, "properties");
        var mustHave = required.ToHashSet();
        var properties = names
            .Select(name => new PropertyShape(
                name,
                ShapeOf([.. all.Select(one => one.PropertyPointers.TryGetValue(name, out var own) ? own : one.AdditionalProperties).OfType<string>().Distinct()]),
                mustHave.Contains(name)))
            .ToList();
        var additional = ShapeOf([.. all.Select(one => one.AdditionalProperties).OfType<string>().Distinct()]);
        shape.Objects.Add(new(properties, additional, all.Select(one => one.MinProperties).DefaultIfEmpty().Max(), all.Min(one => one.MaxProperties)));
    }
}
