using Llama4.Structured.Regexes;

namespace Llama4.Structured.Schemas;

/// <summary>What an alternative's assertions make of objects.</summary>
internal sealed partial class SchemaCompiler
{
    private void DescribeObject(ValueShape shape, Assertions[] all)
    {
        var required = all.SelectMany(one => one.Required).Distinct().ToList();
        var names = all.SelectMany(one => one.Properties).Select(property => property.Name).Concat(required).Distinct().ToList();
        _budget.Spend(10L * names.Count * all.Length, "properties");
        var hasClasses = KeyClasses.AreNeeded(all);
        if (hasClasses)
        {
            names.AddRange(_keys.Listed(all, names.ToHashSet()));
        }

        var mustHave = required.ToHashSet();
        var properties = names
            .Select(name => new PropertyShape(
                name,
                ShapeOf(!hasClasses ? [.. all.Select(one => one.PropertyPointers.TryGetValue(name, out var own) ? own : one.AdditionalProperties).OfType<string>().Distinct()]
                    : _keys.Allows(all, name) ? _keys.PointersOf(all, name)
                    : [SchemaPointer.Nothing]),
                mustHave.Contains(name)))
            .ToList();
        IReadOnlyList<(CharacterAutomaton?, ValueShape)> additional = hasClasses
            ? [.. _keys.Others(all, names.ToHashSet()).Select(one => ((CharacterAutomaton?)one.Keys, ShapeOf(one.Pointers)))]
            : [(null, ShapeOf([.. all.Select(one => one.AdditionalProperties).OfType<string>().Distinct()]))];
        var min = all.Select(one => one.MinProperties).DefaultIfEmpty().Max();
        var max = all.Min(one => one.MaxProperties);
        var refusal = RefusalOf(all);
        if (all.Where(one => one.HasOther).ToList() is { Count: > 0 } others)
        {
            if (others.Count > 1 || min > 0 || max is not null)
            {
                refusal ??= new("additionalProperties", "is not supported where its contrary is needed twice, or beside minProperties and maxProperties");
                shape.Objects.Add(new(properties, additional, min, max) { Refusal = refusal });
                return;
            }

            properties = [.. properties.Select(property => property with { Counts = !others[0].PropertyPointers.ContainsKey(property.Name) })];
            min = 1;
        }

        shape.Objects.Add(new(properties, additional, min, max) { Refusal = refusal });
    }
}
