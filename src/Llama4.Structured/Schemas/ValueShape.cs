using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Schemas;

/// <summary>What a value can be, by type: the alternatives of a schema, joined. Shapes refer to each other, in loops where a schema recurs.</summary>
internal sealed class ValueShape(Assertions[][] alternatives)
{
    public Assertions[][] Alternatives { get; } = alternatives;

    /// <summary>null, true, false and the values of enum and const.</summary>
    public TextSet Texts { get; } = new();

    /// <summary>Numbers and strings.</summary>
    public List<Lexeme> Lexemes { get; } = [];

    public List<ArrayShape> Arrays { get; } = [];

    public List<ObjectShape> Objects { get; } = [];

    /// <summary>Whether some finite text is of this shape.</summary>
    public bool IsPossible { get; private set; }

    /// <summary>Adds lexemes, if there are any.</summary>
    public bool Add(IEnumerable<Lexeme> lexemes)
    {
        var before = Lexemes.Count;
        Lexemes.AddRange(lexemes);
        return Lexemes.Count > before;
    }

    /// <summary>Finds the possible shapes from those that need no others upwards.</summary>
    public static void FindPossible(IReadOnlyList<ValueShape> all)
    {
        for (var changed = true; changed;)
        {
            changed = false;
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
    public bool IsPossible => !(Min > MaxPossible);

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

/// <param name="Additional">What is under keys that are not listed.</param>
internal sealed record ObjectShape(IReadOnlyList<PropertyShape> Properties, ValueShape Additional, int Min, int? Max)
{
    public bool IsPossible => Properties.All(property => !property.Required || property.Value.IsPossible)
        && !(Properties.Count(property => property.Required) > Max)
        && !(Min > Max)
        && (Additional.IsPossible || Properties.Count(property => property.Value.IsPossible) >= Min);
}

/// <summary>A listed property.</summary>
internal sealed record PropertyShape(string Name, ValueShape Value, bool Required);
