using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>What holds of a value that is none of some given ones.</summary>
internal sealed partial class AssertionNegation
{
    /// <summary>The alternatives of a value that equals none of these.</summary>
    private IEnumerable<Assertions[]> NotEqual(IReadOnlyList<JsonElement> values, Assertions own)
    {
        ILookup<JsonValueKind, JsonElement> byKind = values.ToLookup(value => value.ValueKind);
        if (!byKind.Contains(JsonValueKind.Null))
        {
            yield return [New(JsonTypes.Null, "enum")];
        }

        // One alternative for both, so that many contraries of values do not multiply.
        if (new[] { True, False }.Where(value => !byKind.Contains(value.ValueKind)).ToList() is { Count: > 0 } words)
        {
            yield return [New(JsonTypes.Boolean, "enum", one => one.Values = words.Count == 2 ? null : words)];
        }

        var texts = byKind[JsonValueKind.String].Select(value => value.GetString()!).ToList();
        yield return [New(JsonTypes.String, "enum", notTexts: texts)];
        foreach (var alternative in (IEnumerable<Assertions[]>)[.. Between([.. byKind[JsonValueKind.Number]]), .. NotArray([.. byKind[JsonValueKind.Array]], own), .. NotObject([.. byKind[JsonValueKind.Object]], own)])
        {
            yield return alternative;
        }
    }

    /// <summary>The numbers below, between and above those that are not allowed.</summary>
    private IEnumerable<Assertions[]> Between(IReadOnlyList<JsonElement> values)
    {
        var numbers = values.Select(value => ExactDecimal.Parse(value.GetRawText(), "enum")).Distinct().Order().ToList();
        for (var i = 0; i <= numbers.Count; i++)
        {
            var range = new NumberRange();
            range = i > 0 ? range.AtLeast(numbers[i - 1], open: true) : range;
            range = i < numbers.Count ? range.AtMost(numbers[i], open: true) : range;
            yield return [New(Numbers, "enum", one => one.Range = range)];
        }
    }

    private IEnumerable<Assertions[]> NotArray(IReadOnlyList<JsonElement> values, Assertions own)
    {
        if (values.Count == 0)
        {
            return [[New(JsonTypes.Array, "enum")]];
        }

        return values.Count == 1 ? Of(values[0]) : [[Untold(JsonTypes.Array, "enum", own, new("enum", "at most one array is supported where a value must not be in it"))]];

        IEnumerable<Assertions[]> Of(JsonElement value)
        {
            var count = value.GetArrayLength();
            if (count > 0)
            {
                yield return [New(JsonTypes.Array, "enum", one => one.MaxItems = count - 1)];
            }

            yield return [New(JsonTypes.Array, "enum", one => one.MinItems = count + 1)];
            for (var i = 0; i < count; i++)
            {
                yield return [Item("enum", i, SchemaPointer.Not(document.Equal(value[i])))];
            }
        }
    }

    private IEnumerable<Assertions[]> NotObject(IReadOnlyList<JsonElement> values, Assertions own)
    {
        if (values.Count == 0)
        {
            return [[New(JsonTypes.Object, "enum")]];
        }

        return values.Count == 1 ? Of(values[0]) : [[Untold(JsonTypes.Object, "enum", own, new("enum", "at most one object is supported where a value must not be in it"))]];

        IEnumerable<Assertions[]> Of(JsonElement value)
        {
            var members = value.EnumerateObject().ToList();
            yield return [New(JsonTypes.Object, "enum", one => one.MinProperties = members.Count + 1)];
            foreach (var member in members)
            {
                yield return [New(JsonTypes.Object, "enum", one => Property(one, member.Name, SchemaPointer.Nothing))];
                yield return [New(JsonTypes.Object, "enum", one =>
                {
                    one.Required.Add(member.Name);
                    members.ForEach(other => Property(one, other.Name, other.Name == member.Name ? SchemaPointer.Not(document.Equal(member.Value)) : SchemaPointer.Anything));
                })];
            }
        }
    }
}
