using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>
/// Resolves what combines schemas: references and allOf are put in place, anyOf, oneOf, if and the like multiplied out.
/// What is left of a schema is a list of alternatives, each a list of <see cref="Assertions"/> that hold together, in the
/// order of the schema's text; what comes of not, if and dependencies comes last.
/// </summary>
/// <param name="overlapping">The oneOf whose branches are known to overlap, and in which types of values: there each branch then excludes all others.</param>
internal sealed partial class SchemaExpansion(SchemaDocument document, IReadOnlyDictionary<string, JsonTypes> overlapping, CompileBudget budget)
{
    private static readonly Assertions[][] Anything = Alternatives.Anything;

    private readonly AssertionReader _reader = new(document);
    private readonly AssertionNegation _negation = new(document);
    private readonly Alternatives _alternatives = new(document, budget);
    private readonly Dictionary<string, Assertions[][]> _known = [];
    private readonly HashSet<string> _active = [];

    /// <summary>Alternatives that must be impossible, else the oneOf at the pointer is not exclusive.</summary>
    public Queue<(string Pointer, Assertions[] Overlap)> MustBeEmpty { get; } = [];

    /// <summary>The keywords that took part in a contradiction, in order of discovery.</summary>
    public List<string> Contradictions => _alternatives.Contradictions;

    /// <summary>The alternatives of the values that satisfy all schemas at these pointers.</summary>
    public Assertions[][] Of(IEnumerable<string> pointers)
    {
        var all = Anything;
        foreach (var pointer in pointers)
        {
            all = _alternatives.Both(all, Of(pointer));
        }

        return all;
    }

    public Assertions[][] Of(string pointer)
    {
        if (_known.TryGetValue(pointer, out var known))
        {
            return known;
        }

        if (!_active.Add(pointer) || _active.Count > DepthMax)
        {
            throw new ConstraintException("$ref", _active.Count > DepthMax
                ? $"expected schemas that refer to each other up to {DepthMax} deep"
                : $"the schema at \"#{pointer.TrimStart('!')}\" refers to itself without end");
        }

        budget.Spend(100, "schema");
        var result = SchemaPointer.IsNegation(pointer) ? Contrary(pointer[1..]) : Expand(pointer);
        _active.Remove(pointer);
        _known.Add(pointer, result);
        return result;
    }

    /// <summary>References that are followed without a value in between, on the stack of calls.</summary>
    private const int DepthMax = 500;

    private Assertions[][] Expand(string pointer)
    {
        if (pointer.StartsWith('='))
        {
            return [[Equal(pointer)]];
        }

        var schema = KeywordValue.Schema("schema", document[pointer]);
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return schema.ValueKind == JsonValueKind.True ? Anything : [];
        }

        var clauses = Clauses(pointer, schema);
        var parts = clauses.Select(clause => clause.Holds()).ToList();
        foreach (var (clause, index) in clauses.Select((clause, index) => (clause, index)).Where(entry => entry.clause.Exclusive is not null))
        {
            CheckExclusive(parts, index, clause.Exclusive!, $"{pointer}/oneOf");
        }

        return new Unevaluated(document).Add(pointer, schema, parts.Aggregate(Anything, _alternatives.Both));
    }

    /// <summary>The alternatives of the values that do not satisfy a schema: some clause of it fails.</summary>
    private Assertions[][] Contrary(string pointer)
    {
        if (pointer.StartsWith('='))
        {
            return [.. _negation.Of(Equal(pointer))];
        }

        var schema = KeywordValue.Schema("schema", document[pointer]);
        if (schema.ValueKind != JsonValueKind.Object)
        {
            return schema.ValueKind == JsonValueKind.True ? [] : Anything;
        }

        return Silent(Alternatives.Either(Clauses(pointer, schema).Select(clause => clause.Fails()).Append([.. Unevaluated.Contrary(pointer, schema)]), "not"));
    }

    private Assertions Equal(string pointer) => new() { Pointer = pointer, Values = [document.ValueOf(pointer)] };

    /// <summary>No value may satisfy two branches and all that stands beside them, but of the types in which each branch is known to exclude the others.</summary>
    private void CheckExclusive(List<Assertions[][]> parts, int index, List<string> branches, string pointer)
    {
        var beside = parts.Where((_, i) => i != index).Aggregate(OfTypes(~overlapping.GetValueOrDefault(pointer)), _alternatives.Both);
        foreach (var (first, second) in Pairs(branches))
        {
            foreach (var overlap in _alternatives.Both(beside, Of([first, second])))
            {
                MustBeEmpty.Enqueue((pointer, overlap));
            }
        }
    }

    /// <summary>The values of some types.</summary>
    private static Assertions[][] OfTypes(JsonTypes types) => (types & JsonTypes.All) is var some && some == JsonTypes.All ? Anything
        : [[new Assertions { Pointer = $"~t{(int)some}", Types = some, Evaluates = false }]];

    private static IEnumerable<(string First, string Second)> Pairs(List<string> branches) =>
        branches.SelectMany((first, i) => branches.Skip(i + 1).Select(second => (first, second)));
}
