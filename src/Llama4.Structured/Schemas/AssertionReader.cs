using System.Text.Json;

namespace Llama4.Structured.Schemas;

/// <summary>Reads the keywords of one schema object. Everything wrong or unsupported is an error that names the keyword.</summary>
internal sealed class AssertionReader(SchemaDocument document)
{
    private const int PropertiesMax = 10_000;
    private const int PatternsMax = 100;
    private const int ContainsMax = 1_000;

    /// <summary>The keywords of draft 2020-12 and its predecessors that assert something we do not enforce.</summary>
    private static readonly HashSet<string> Unsupported = ["$dynamicRef", "$recursiveRef"];

    public Assertions Read(string pointer)
    {
        var schema = document[pointer];
        var own = new Assertions { Pointer = pointer };
        foreach (var member in schema.EnumerateObject())
        {
            if (ReadKeyword(own, member.Name, member.Value, schema))
            {
                own.Keywords.Add(member.Name);
            }
        }

        return own;
    }

    private bool ReadKeyword(Assertions own, string keyword, JsonElement value, JsonElement schema)
    {
        switch (keyword)
        {
            case "type":
                own.Types = KeywordValue.Types(value);
                return true;
            case "enum":
                OnlyValues(own, value.ValueKind == JsonValueKind.Array && value.GetArrayLength() > 0
                    ? [.. value.EnumerateArray()]
                    : throw KeywordValue.Wrong(keyword, "an array of values", value));
                return true;
            case "const":
                OnlyValues(own, [value]);
                return true;
            case "minimum":
                own.Range = own.Range.AtLeast(KeywordValue.Number(keyword, value), open: false);
                return true;
            case "exclusiveMinimum":
                own.Range = own.Range.AtLeast(KeywordValue.Number(keyword, value), open: true);
                return true;
            case "maximum":
                own.Range = own.Range.AtMost(KeywordValue.Number(keyword, value), open: false);
                return true;
            case "exclusiveMaximum":
                own.Range = own.Range.AtMost(KeywordValue.Number(keyword, value), open: true);
                return true;
            case "multipleOf":
                var divisor = KeywordValue.Number(keyword, value);
                own.Range = divisor.Mantissa.Sign > 0 ? own.Range.And(divisor) : throw KeywordValue.Wrong(keyword, "a number above 0", value);
                return true;
            case "minLength":
                own.MinLength = KeywordValue.Count(keyword, value);
                return true;
            case "maxLength":
                own.MaxLength = Math.Min(own.MaxLength ?? int.MaxValue, KeywordValue.Count(keyword, value));
                return true;
            case "pattern":
                own.Strings.Add(new(value.ValueKind == JsonValueKind.String ? value.GetString()! : throw KeywordValue.Wrong(keyword, "a regex", value), true, false, keyword));
                return true;
            case "format":
                if (StringFormats.Regex(value.ValueKind == JsonValueKind.String ? value.GetString()! : throw KeywordValue.Wrong(keyword, "a name", value)) is not { } format)
                {
                    return false;
                }

                own.Strings.Add(new(format, false, false, keyword));
                own.MaxLength = value.GetString() == "hostname" ? Math.Min(own.MaxLength ?? int.MaxValue, StringFormats.HostLengthMax) : own.MaxLength;
                return true;
            case "minItems":
                own.MinItems = KeywordValue.Count(keyword, value);
                return true;
            case "maxItems":
                own.MaxItems = KeywordValue.Count(keyword, value);
                return true;
            case "items":
                if (value.ValueKind == JsonValueKind.Array)
                {
                    ReadTuple(own, value, schema); // the items of draft 7
                }
                else
                {
                    own.Items = document.Child(own.Pointer, keyword, KeywordValue.Schema(keyword, value));
                }

                return true;
            case "prefixItems":
                ReadPrefixItems(own, keyword, value);
                return true;
            case "contains":
                var (least, most) = document.IsDraft7 ? (1, null) : (Bound(schema, "minContains") ?? 1, Bound(schema, "maxContains"));
                own.Contains = new(document.Child(own.Pointer, keyword, KeywordValue.Schema(keyword, value)), least, most);
                return true;
            case "properties":
                ReadProperties(own, value);
                return true;
            case "required":
                ReadRequired(own, value);
                return true;
            case "additionalProperties":
                own.AdditionalProperties = document.Child(own.Pointer, keyword, KeywordValue.Schema(keyword, value));
                return true;
            case "patternProperties":
                ReadPatternProperties(own, value);
                return true;
            case "propertyNames":
                own.PropertyNames = document.Child(own.Pointer, keyword, KeywordValue.Schema(keyword, value));
                return true;
            case "minProperties":
                own.MinProperties = KeywordValue.Count(keyword, value);
                return true;
            case "maxProperties":
                own.MaxProperties = KeywordValue.Count(keyword, value);
                return true;
            case "uniqueItems":
                own.UniqueItems = value.ValueKind is JsonValueKind.True or JsonValueKind.False ? value.ValueKind == JsonValueKind.True : throw KeywordValue.Wrong(keyword, "true or false", value);
                return own.UniqueItems;
            default:
                return Unsupported.Contains(keyword) ? throw new ConstraintException(keyword, "is not supported") : false; // what is no keyword is an annotation
        }
    }

    private static void OnlyValues(Assertions own, List<JsonElement> values) =>
        own.Values = own.Values is { } before ? [.. before.Where(value => values.Exists(other => JsonElement.DeepEquals(value, other)))] : values;

    private void ReadPrefixItems(Assertions own, string keyword, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Array || (value.GetArrayLength() == 0 && keyword != "items"))
        {
            throw KeywordValue.Wrong(keyword, "an array of schemas", value);
        }

        var pointer = document.Child(own.Pointer, keyword, value);
        foreach (var item in value.EnumerateArray())
        {
            own.PrefixItems.Add(document.Child(pointer, $"{own.PrefixItems.Count}", KeywordValue.Schema(keyword, item)));
        }
    }

    private void ReadTuple(Assertions own, JsonElement value, JsonElement schema)
    {
        if (schema.TryGetProperty("prefixItems", out _))
        {
            throw KeywordValue.Wrong("items", "a schema beside prefixItems", value);
        }

        ReadPrefixItems(own, "items", value);
        if (schema.TryGetProperty("additionalItems", out var further))
        {
            own.Items = document.Child(own.Pointer, "additionalItems", KeywordValue.Schema("additionalItems", further));
        }
    }

    private void ReadPatternProperties(Assertions own, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw KeywordValue.Wrong("patternProperties", "an object of schemas", value);
        }

        var pointer = document.Child(own.Pointer, "patternProperties", value);
        foreach (var member in value.EnumerateObject())
        {
            own.PatternProperties.Add((member.Name, document.Child(pointer, member.Name, KeywordValue.Schema("patternProperties", member.Value))));
        }

        if (own.PatternProperties.Count > PatternsMax)
        {
            throw new ConstraintException("patternProperties", $"expected at most {PatternsMax}, found {own.PatternProperties.Count}");
        }
    }

    private static int? Bound(JsonElement schema, string keyword)
    {
        var count = schema.TryGetProperty(keyword, out var value) ? KeywordValue.Count(keyword, value) : (int?)null;
        return count <= ContainsMax ? count
            : count is null ? null
            : throw new ConstraintException(keyword, $"expected at most {ContainsMax}, found {count}");
    }

    private void ReadProperties(Assertions own, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            throw KeywordValue.Wrong("properties", "an object of schemas", value);
        }

        var pointer = document.Child(own.Pointer, "properties", value);
        foreach (var member in value.EnumerateObject())
        {
            var child = document.Child(pointer, member.Name, KeywordValue.Schema("properties", member.Value));
            if (own.PropertyPointers.TryAdd(member.Name, child))
            {
                own.Properties.Add((member.Name, child));
            }
        }

        if (own.Properties.Count > PropertiesMax)
        {
            throw new ConstraintException("properties", $"expected at most {PropertiesMax}, found {own.Properties.Count}");
        }
    }

    private static void ReadRequired(Assertions own, JsonElement value)
    {
        own.Required.AddRange(KeywordValue.Names("required", value));
        if (own.Required.Count > PropertiesMax)
        {
            throw new ConstraintException("required", $"expected at most {PropertiesMax}, found {own.Required.Count}");
        }
    }
}
