using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>Whether a value that a schema itself holds, in enum or const, satisfies what else the schema asserts.</summary>
internal sealed class ValueCheck(SchemaExpansion expansion, StringAutomata strings, KeyClasses keys)
{
    /// <param name="holder">Whose enum or const the value comes from, if it comes from one: the value need not be looked for there.</param>
    public bool Allows(IReadOnlyList<Assertions> all, JsonElement value, Assertions? holder = null) => all.All(one => Allows(one, value, one == holder));

    private bool Allows(string pointer, JsonElement value) => expansion.Of(pointer).Any(all => Allows(all, value));

    private bool Allows(Assertions one, JsonElement value, bool holds)
    {
        if ((TypeOf(value) & one.Types) == 0 || (!holds && one.Values is { } values && !values.Any(other => JsonElement.DeepEquals(other, value))))
        {
            return false;
        }

        if (one.Refusal is { } refusal)
        {
            return one.Untold is { } failing ? !Allows(failing, value, holds: false) : throw refusal;
        }

        return value.ValueKind switch
        {
            JsonValueKind.Number => one.Range.Contains(ExactDecimal.Parse(value.GetRawText(), "enum")),
            JsonValueKind.String => strings.Allows(one, value.GetString()!),
            JsonValueKind.Array => AllowsArray(one, value),
            JsonValueKind.Object => AllowsObject(one, value),
            _ => true,
        };
    }

    public static JsonTypes TypeOf(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Null => JsonTypes.Null,
        JsonValueKind.True or JsonValueKind.False => JsonTypes.Boolean,
        JsonValueKind.Number => ExactDecimal.Parse(value.GetRawText(), "enum").IsInteger ? JsonTypes.Integer : JsonTypes.Number,
        JsonValueKind.String => JsonTypes.String,
        JsonValueKind.Array => JsonTypes.Array,
        _ => JsonTypes.Object,
    };

    private bool AllowsArray(Assertions one, JsonElement value)
    {
        var count = value.GetArrayLength();
        if (count < one.MinItems || count > one.MaxItems)
        {
            return false;
        }

        if (one.UniqueItems && Enumerable.Range(0, count).Any(i => Enumerable.Range(0, i).Any(j => JsonElement.DeepEquals(value[i], value[j]))))
        {
            return false;
        }

        if (one.Contains is { } contains
            && value.EnumerateArray().Skip(contains.From).Count(item => Allows(contains.Pointer, item)) is var counted
            && (counted < contains.Min || counted > contains.Max))
        {
            return false;
        }

        for (var i = 0; i < count; i++)
        {
            var pointer = i < one.PrefixItems.Count ? one.PrefixItems[i] : one.Items;
            if (pointer is not null && !Allows(pointer, value[i]))
            {
                return false;
            }
        }

        return true;
    }

    private bool AllowsObject(Assertions one, JsonElement value)
    {
        var count = value.EnumerateObject().Count();
        return count >= one.MinProperties && !(count > one.MaxProperties)
            && one.Required.All(name => value.TryGetProperty(name, out _))
            && !(one.HasOther && value.EnumerateObject().All(member => one.PropertyPointers.ContainsKey(member.Name)))
            && value.EnumerateObject().All(member => keys.Allows([one], member.Name)
                && one.SchemasOf(member.Name, pattern => keys.Matches(pattern, member.Name)).All(schema => Allows(schema, member.Value)));
    }
}
