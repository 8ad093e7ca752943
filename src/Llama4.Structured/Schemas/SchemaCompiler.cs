using System.Text.Json;
using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>
/// A JSON Schema to the grammar of its canonical texts, in three steps: expand every schema that a value can meet into
/// alternatives, join each alternative's assertions per type, and leave out what no finite text can satisfy.
/// </summary>
internal sealed partial class SchemaCompiler
{
    private readonly CompileBudget _budget;
    private readonly bool _hasOverlaps;
    private readonly ValueForms _forms;
    private readonly SchemaDocument _document;
    private readonly SchemaExpansion _expansion;
    private readonly StringAutomata _strings;
    private readonly ValueCheck _values;
    private readonly KeyClasses _keys;
    private readonly FiniteValues _finite;
    private readonly Punctuation _punctuation = new();
    private readonly Dictionary<string, ValueShape> _shapes = [];
    private readonly Queue<ValueShape> _open = [];
    private readonly List<ValueShape> _all = [];

    private SchemaCompiler(JsonElement schema, ValueForms forms, IReadOnlyDictionary<string, JsonTypes> overlapping, CompileBudget budget)
    {
        _forms = forms;
        _budget = budget;
        _hasOverlaps = overlapping.Count > 0;
        _document = new(schema);
        _expansion = new(_document, overlapping, _budget);
        _strings = new(_budget);
        _keys = new(_expansion, _strings, _budget);
        _values = new(_expansion, _strings, _keys);
        _finite = new(_expansion, _values);
    }

    /// <summary>The grammar of a schema.</summary>
    /// <exception cref="ConstraintException">See <see cref="Constraint.OfSchema"/>.</exception>
    public static Grammar Compile(JsonElement schema)
    {
        var (compiler, shape) = Read(schema, ValueForms.Json);
        return compiler.Builder().Build(shape);
    }

    /// <summary>The grammar of named arguments in Python's form, <c>name=value, name=value</c>, that an object's schema allows.</summary>
    /// <exception cref="ConstraintException">See <see cref="ConstraintParts.PythonArguments"/>.</exception>
    public static Grammar CompileArguments(JsonElement schema)
    {
        var (compiler, shape) = Read(schema, ValueForms.Python);
        return compiler.Builder().BuildArguments(shape);
    }

    private static (SchemaCompiler Compiler, ValueShape Shape) Read(JsonElement schema, ValueForms forms)
    {
        if (schema.GetRawText().Length > CompileBudget.TextBytesMax)
        {
            throw new ConstraintException("schema", $"expected at most {CompileBudget.TextBytesMax} characters, found {schema.GetRawText().Length}");
        }

        SurrogateCheck.OfJson(schema.GetRawText(), "schema");
        KeywordValue.Schema("schema", schema);
        var budget = new CompileBudget();
        var overlapping = new Dictionary<string, JsonTypes>();
        for (var round = 0; ; round++)
        {
            var compiler = new SchemaCompiler(schema, forms, overlapping, budget);
            ValueShape shape;
            IReadOnlyCollection<(string Pointer, JsonTypes Types)> overlaps;
            try
            {
                shape = compiler.Shape(out overlaps);
            }
            catch (ConstraintException contrary) when (round > 0)
            {
                throw Overlap($" ({contrary.Message})");
            }

            if (overlaps.Count == 0)
            {
                return (compiler, compiler.Possible(shape));
            }

            foreach (var (pointer, types) in round < RoundsMax ? overlaps : throw Overlap(""))
            {
                overlapping[pointer] = overlapping.GetValueOrDefault(pointer) | types;
            }
        }
    }

    private static ConstraintException Overlap(string why) =>
        new("oneOf", $"a value could satisfy two of the branches, and that they exclude each other cannot be enforced{why}");

    /// <summary>How often oneOfs are found to overlap that were hidden before behind others, or in further types.</summary>
    private const int RoundsMax = 5;

    private GrammarBuilder Builder() => new(_punctuation, _forms, _budget, refusal => _hasOverlaps ? Overlap($" ({refusal.Message})") : refusal);

    /// <summary>What the whole schema allows, if each oneOf whose branches overlap is told so.</summary>
    private ValueShape Shape(out IReadOnlyCollection<(string Pointer, JsonTypes Types)> overlaps)
    {
        var root = ShapeOf([""]);
        var exclusive = new List<(string Pointer, ValueShape Overlap)>();
        while (_open.TryDequeue(out var shape) || _expansion.MustBeEmpty.Count > 0)
        {
            if (shape is null)
            {
                var (pointer, overlap) = _expansion.MustBeEmpty.Dequeue();
                exclusive.Add((pointer, ShapeOf(overlap)));
                continue;
            }

            foreach (var alternative in shape.Alternatives)
            {
                Describe(shape, alternative);
            }
        }

        ValueShape.FindPossible(_all, _budget);
        overlaps = [.. exclusive.Where(one => one.Overlap.IsPossible).Select(one => (one.Pointer, one.Overlap.PossibleTypes))];
        return root;
    }

    private ValueShape Possible(ValueShape root)
    {
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
                shape.LexemeTypes |= ValueCheck.TypeOf(value);
            }

            Contradict(allowed.Count > 0, "enum", "const", "type");
            return;
        }

        AddLiterals(shape, types);
        if ((types & (JsonTypes.Integer | JsonTypes.Number)) != 0)
        {
            var range = all.Aggregate(
                new NumberRange { Integer = (types & JsonTypes.Number) == 0, Fractional = (types & JsonTypes.Integer) == 0 },
                (range, one) => range.And(one.Range));
            var possible = shape.Add(Numbers(range), types & (JsonTypes.Integer | JsonTypes.Number));
            shape.Refusal ??= possible ? RefusalOf(all) : null;
            Contradict(possible, "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf");
        }

        if ((types & JsonTypes.String) != 0)
        {
            Contradict(shape.Add(_strings.Lexemes(all, _forms.Quotes), JsonTypes.String), "minLength", "maxLength", "pattern", "format");
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

    private static ConstraintException? RefusalOf(Assertions[] all) => all.FirstOrDefault(one => one.Refusal is not null)?.Refusal;

    private IEnumerable<Lexeme> Numbers(NumberRange range)
    {
        if (_forms == ValueForms.Python && range is { IsUnbounded: true, Integer: false })
        {
            return [new CharacterLexeme(RegexCompiler.Compile(ValueForms.PythonNumber, search: false, _budget, "type"), quote: null)];
        }

        return NumberLexeme.Of(range, _budget) is { } numbers ? [numbers] : [];
    }

    private void AddLiterals(ValueShape shape, JsonTypes types)
    {
        shape.LexemeTypes |= types & (JsonTypes.Null | JsonTypes.Boolean);
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
}
