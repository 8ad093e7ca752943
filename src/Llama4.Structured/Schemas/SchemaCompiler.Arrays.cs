using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Schemas;

/// <summary>What an alternative's assertions make of arrays.</summary>
internal sealed partial class SchemaCompiler
{
    private void DescribeArray(ValueShape shape, Assertions[] all)
    {
        var length = all.Select(one => one.PrefixItems.Count).DefaultIfEmpty().Max();
        var min = all.Select(one => one.MinItems).DefaultIfEmpty().Max();
        var max = all.Min(one => one.MaxItems);
        var contains = all.Select(one => one.Contains).OfType<ContainsRule>().Where(rule => rule.Min > 0 || rule.Max is not null).Distinct().ToList();
        if (all.Any(one => one.UniqueItems) && !(max < 2))
        {
            shape.Arrays.Add(Distinct(all, length, min, max, contains.Count));
            return;
        }

        var plain = Plain(all, length, min, max) with
        {
            Refusal = RefusalOf(all) ?? (contains.Count > 1 ? new("contains", "is not supported twice for one array") : null),
        };
        shape.Arrays.Add(contains is [var rule, ..] ? plain with { Contains = Counted(all, length, rule, min, max) } : plain);
    }

    private ArrayShape Plain(Assertions[] all, int length, int min, int? max) =>
        new([.. Enumerable.Range(0, length).Select(i => ShapeOf(ItemAt(all, i)))], ShapeOf(ItemAt(all, length)), min, max);

    private ContainsShape Counted(Assertions[] all, int length, ContainsRule rule, int min, int? max)
    {
        var items = Enumerable.Range(0, Math.Max(length, rule.From) + 1).Select(i => i < rule.From
            ? ((ValueShape?)ShapeOf(ItemAt(all, i)), (ValueShape?)null)
            : (ShapeOf(rule.Max is null ? ItemAt(all, i) : [.. ItemAt(all, i), SchemaPointer.Not(rule.Pointer)]), ShapeOf([.. ItemAt(all, i), rule.Pointer])));
        return (long)(Math.Max(min, max ?? 0) + length + 1) * ((rule.Max ?? rule.Min) + 2) > int.MaxValue / 4
            ? throw new ConstraintException("contains", "the bounds on the number of items are too large")
            : new([.. items], new(min, max, rule.Min, rule.Max));
    }

    private ArrayShape Distinct(Assertions[] all, int length, int min, int? max, int contains)
    {
        var items = ItemAt(all, length);
        if (length > 0 || contains > 0 || _finite.Of(items) is not { } values)
        {
            return Plain(all, length, min, max) with
            {
                Refusal = new("uniqueItems", $"is supported only for items of at most {FiniteValues.Max} values in all"),
            };
        }

        return new([], ShapeOf(items), min, max)
        {
            Refusal = RefusalOf(all),
            Distinct = [.. values.Select(value =>
            {
                var texts = new TextSet();
                CanonicalText.Add(texts, value, _forms, _budget);
                return texts;
            })],
        };
    }

    /// <summary>All that an item must satisfy.</summary>
    private static List<string> ItemAt(Assertions[] all, int index) =>
        [.. all.Select(one => index < one.PrefixItems.Count ? one.PrefixItems[index] : one.Items).OfType<string>().Distinct()];
}
