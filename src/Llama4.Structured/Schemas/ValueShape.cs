using Llama4.Structured.Grammars;
using Llama4.Structured.Lexemes;
using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>What a value can be, by type: the alternatives of a schema, joined. Shapes refer to each other, in loops where a schema recurs.</summary>
internal sealed class ValueShape(Assertions[][] alternatives)
{
    public Assertions[][] Alternatives { get; } = alternatives;

    /// <summary>null, true, false and the values of enum and const.</summary>
    public TextSet Texts { get; } = new();

    /// <summary>Numbers and strings.</summary>
    public List<Lexeme> Lexemes { get; } = [];

    /// <summary>The types of the values among <see cref="Texts"/> and <see cref="Lexemes"/>.</summary>
    public JsonTypes LexemeTypes { get; set; }

    /// <summary>Why the schema is refused if the numbers are needed: they are more than it allows.</summary>
    public ConstraintException? Refusal { get; set; }

    public List<ArrayShape> Arrays { get; } = [];

    public List<ObjectShape> Objects { get; } = [];

    /// <summary>Whether some finite text is of this shape.</summary>
    public bool IsPossible { get; private set; }

    /// <summary>The types of which some value is possible.</summary>
    public JsonTypes PossibleTypes => LexemeTypes
        | (Arrays.Exists(array => array.IsPossible) ? JsonTypes.Array : JsonTypes.None)
        | (Objects.Exists(o => o.IsPossible) ? JsonTypes.Object : JsonTypes.None);

    /// <summary>Adds lexemes of values of some types, if there are any.</summary>
    public bool Add(IEnumerable<Lexeme> lexemes, JsonTypes types)
    {
        var before = Lexemes.Count;
        Lexemes.AddRange(lexemes);
        LexemeTypes |= Lexemes.Count > before ? types : JsonTypes.None;
        return Lexemes.Count > before;
    }

    /// <summary>Finds the possible shapes from those that need no others upwards.</summary>
    public static void FindPossible(IReadOnlyList<ValueShape> all, CompileBudget budget)
    {
        for (var changed = true; changed;)
        {
            changed = false;
            budget.Spend(all.Count, "schema");
            for (var i = all.Count - 1; i >= 0; i--) // what is inside was found later
            {
                if (!all[i].IsPossible && all[i].SeemsPossible())
                {
                    all[i].IsPossible = changed = true;
                }
            }
        }
    }

    private bool SeemsPossible() => !Texts.IsEmpty || Lexemes.Count > 0 || Arrays.Any(array => array.IsPossible) || Objects.Any(o => o.IsPossible);
}

/// <param name="Prefix">The items that have a shape of their own.</param>
/// <param name="Items">All further ones.</param>
internal sealed record ArrayShape(IReadOnlyList<ValueShape> Prefix, ValueShape Items, int Min, int? Max)
{
    /// <summary>What items must count, if any must.</summary>
    public ContainsShape? Contains { get; init; }

    /// <summary>The values of which each may be there once, if they must be different.</summary>
    public IReadOnlyList<TextSet>? Distinct { get; init; }

    /// <summary>Why the schema is refused if such an array is needed: the shape allows more than it does.</summary>
    public ConstraintException? Refusal { get; init; }

    public bool IsPossible => Contains is { } contains
        ? contains.Bounds.CanFinish(0, 0, contains.Items.Count - 1, i => (contains.Items[i].Plain is { IsPossible: true }, contains.Items[i].Counted is { IsPossible: true }))
        : Distinct is { } distinct ? Min <= distinct.Count : !(Min > MaxPossible);

    /// <summary>The greatest number of items: none can follow one that nothing can be put for.</summary>
    public int? MaxPossible
    {
        get
        {
            var possible = Prefix.TakeWhile(item => item.IsPossible).Count();
            return possible == Prefix.Count && Items.IsPossible ? Max : Math.Min(possible, Max ?? possible);
        }
    }
}

/// <summary>An array of which some items must satisfy more.</summary>
/// <param name="Items">From the first on, then all further ones: where they do not count, and where they do; null for never.</param>
internal sealed record ContainsShape(IReadOnlyList<(ValueShape? Plain, ValueShape? Counted)> Items, ContainsBounds Bounds);

/// <param name="Additional">What is under keys that are not listed, by classes of keys that exclude each other; null for all keys.</param>
/// <param name="Min">How many properties there must be, of those that count.</param>
internal sealed record ObjectShape(IReadOnlyList<PropertyShape> Properties, IReadOnlyList<(CharacterAutomaton? Keys, ValueShape Value)> Additional, int Min, int? Max)
{
    /// <summary>Why the schema is refused if such an object is needed: the shape allows more than it does.</summary>
    public ConstraintException? Refusal { get; init; }

    public bool IsPossible => Properties.All(property => !property.Required || property.Value.IsPossible)
        && !(Properties.Count(property => property.Required) > Max)
        && !(Min > Max)
        && (Additional.Any(one => one.Value.IsPossible) || Properties.Count(property => property.Counts && property.Value.IsPossible) >= Min);
}

/// <summary>A listed property.</summary>
/// <param name="Counts">Whether it counts towards the bound on their number.</param>
internal sealed record PropertyShape(string Name, ValueShape Value, bool Required, bool Counts = true);
