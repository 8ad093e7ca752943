using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>What holds of a value that does not satisfy the assertions of one schema object: one of them fails, so the alternatives are one for each.</summary>
internal sealed partial class AssertionNegation(SchemaDocument document)
{
    private const JsonTypes Numbers = JsonTypes.Number | JsonTypes.Integer;

    private static readonly JsonElement True = JsonDocument.Parse("true").RootElement;
    private static readonly JsonElement False = JsonDocument.Parse("false").RootElement;

    private int _count;

    /// <summary>The alternatives, each of assertions that hold together.</summary>
    /// <remarks>Where an automaton cannot tell an assertion's contrary, the alternative is <see cref="Assertions.Untold"/>.</remarks>
    public IEnumerable<Assertions[]> Of(Assertions own)
    {
        if (own.Types != JsonTypes.All)
        {
            yield return [New(JsonTypes.All & ~own.Types, "type")];
        }

        foreach (var alternative in (IEnumerable<Assertions[]>)
            [.. own.Values is { } values ? NotEqual(values, own) : [], .. NotNumbers(own), .. NotStrings(own), .. NotArrays(own), .. NotObjects(own)])
        {
            yield return alternative;
        }
    }

    private IEnumerable<Assertions[]> NotNumbers(Assertions own)
    {
        if (own.Range.MultipleOf is not null)
        {
            yield return [Untold(Numbers, "multipleOf", own)];
        }

        if (own.Range.Low is { } low)
        {
            yield return [New(Numbers, "minimum", one => one.Range = one.Range.AtMost(low, open: !own.Range.LowOpen))];
        }

        if (own.Range.High is { } high)
        {
            yield return [New(Numbers, "maximum", one => one.Range = one.Range.AtLeast(high, open: !own.Range.HighOpen))];
        }
    }

    private IEnumerable<Assertions[]> NotStrings(Assertions own)
    {
        if (own.MinLength > 0)
        {
            yield return [New(JsonTypes.String, "minLength", one => one.MaxLength = own.MinLength - 1)];
        }

        if (own.MaxLength is { } max)
        {
            yield return [New(JsonTypes.String, "maxLength", one => one.MinLength = max + 1)];
        }

        foreach (var rule in own.Strings)
        {
            yield return [New(JsonTypes.String, rule.Keyword, one => one.Strings.Add(rule with { Excluded = !rule.Excluded }))];
        }
    }

    private IEnumerable<Assertions[]> NotArrays(Assertions own)
    {
        if (own.UniqueItems)
        {
            yield return [Untold(JsonTypes.Array, "uniqueItems", own)];
        }

        foreach (var (index, pointer) in own.PrefixItems.Index())
        {
            yield return [Item("prefixItems", index, SchemaPointer.Not(pointer))];
        }

        if (own.Items is { } items)
        {
            yield return [New(JsonTypes.Array, "items", one => one.Contains = new(SchemaPointer.Not(items), 1, null, own.PrefixItems.Count))];
        }

        if (own.MinItems > 0)
        {
            yield return [New(JsonTypes.Array, "minItems", one => one.MaxItems = own.MinItems - 1)];
        }

        if (own.MaxItems is { } max)
        {
            yield return [New(JsonTypes.Array, "maxItems", one => one.MinItems = max + 1)];
        }

        if (own.Contains is { Min: > 0 } atLeast)
        {
            yield return [New(JsonTypes.Array, "contains", one => one.Contains = atLeast with { Min = 0, Max = atLeast.Min - 1 })];
        }

        if (own.Contains is { Max: { } most } atMost)
        {
            yield return [New(JsonTypes.Array, "maxContains", one => one.Contains = atMost with { Min = most + 1, Max = null })];
        }
    }

    private IEnumerable<Assertions[]> NotObjects(Assertions own)
    {
        if (own.PatternProperties.Count > 0)
        {
            yield return [Untold(JsonTypes.Object, "patternProperties", own)];
        }

        if (own.PropertyNames is not null)
        {
            yield return [Untold(JsonTypes.Object, "propertyNames", own)];
        }

        foreach (var (name, pointer) in own.Properties.Where(property => !IsAnything(property.Pointer)))
        {
            yield return [New(JsonTypes.Object, "properties", one =>
            {
                one.Required.Add(name);
                foreach (var (other, _) in own.Properties)
                {
                    Property(one, other, other == name ? SchemaPointer.Not(pointer) : SchemaPointer.Anything);
                }
            })];
        }

        foreach (var name in own.Required)
        {
            yield return [New(JsonTypes.Object, "required", one => Property(one, name, SchemaPointer.Nothing))];
        }

        if (own.AdditionalProperties is { } further && !IsAnything(further))
        {
            yield return document[further].ValueKind == JsonValueKind.False && own.PatternProperties.Count == 0
                ? [Other(own)]
                : [Untold(JsonTypes.Object, "additionalProperties", own)];
        }

        if (own.HasOther)
        {
            throw Unsupported("not");
        }

        if (own.MinProperties > 0)
        {
            yield return [New(JsonTypes.Object, "minProperties", one => one.MaxProperties = own.MinProperties - 1)];
        }

        if (own.MaxProperties is { } max)
        {
            yield return [New(JsonTypes.Object, "maxProperties", one => one.MinProperties = max + 1)];
        }
    }

    private Assertions Item(string keyword, int index, string pointer) => New(JsonTypes.Array, keyword, one =>
    {
        one.MinItems = index + 1;
        one.PrefixItems.AddRange(Enumerable.Repeat(SchemaPointer.Anything, index).Append(pointer));
    });

    /// <summary>Values of some types that do not satisfy all of an object's assertions, where no automaton tells which they are.</summary>
    private Assertions Untold(JsonTypes types, string keyword, Assertions own, ConstraintException? refusal = null)
    {
        var one = new Assertions { Pointer = $"not {_count++}", Types = types, Evaluates = false, Untold = own, Refusal = refusal ?? Unsupported(keyword) };
        one.Keywords.Add(keyword);
        return one;
    }

    private Assertions Other(Assertions own)
    {
        var other = new Assertions { Pointer = $"not {_count++}", Types = JsonTypes.Object, HasOther = true, Evaluates = false };
        own.Properties.ForEach(property => Property(other, property.Name, SchemaPointer.Anything));
        return other;
    }

    private Assertions New(JsonTypes types, string keyword, Action<Assertions>? assert = null, IReadOnlyList<string>? notTexts = null)
    {
        var one = new Assertions { Pointer = $"not {_count++}", Types = types, NotTexts = notTexts ?? [], Evaluates = false };
        assert?.Invoke(one);
        one.Keywords.Add(keyword);
        return one;
    }

    private static void Property(Assertions one, string name, string pointer)
    {
        if (one.PropertyPointers.TryAdd(name, pointer))
        {
            one.Properties.Add((name, pointer));
        }
    }

    private bool IsAnything(string pointer) => !SchemaPointer.IsNegation(pointer) && !pointer.StartsWith('=')
        && document[pointer] is var schema && (schema.ValueKind == JsonValueKind.True || (schema.ValueKind == JsonValueKind.Object && !schema.EnumerateObject().Any()));

    private static ConstraintException Unsupported(string keyword) =>
        new(keyword, "is not supported where its contrary is needed, as under not, if, or in branches of oneOf that overlap");
}
