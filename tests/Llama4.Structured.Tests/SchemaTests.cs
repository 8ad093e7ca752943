using System.Text.Json;

namespace Llama4.Structured.Tests;

public sealed class SchemaTests
{
    [Fact]
    public void Schema_OfEveryGoldenCase_AcceptsItsCanonicalTextsAndNoOthers()
    {
        var cases = GoldenLines.Read("schemas.jsonl.gz");
        cases.Count.ShouldBe(352);
        var wrong = new List<string>();
        foreach (var line in cases)
        {
            wrong.AddRange(Check(line));
        }

        wrong.ShouldBeEmpty();
    }

    [Theory]
    [InlineData("""{"const":"\ud800"}""", "schema: expected text, found half of a surrogate pair (\\ud800)")]
    [InlineData("""{"properties":{"a\\\udc00b":true}}""", "half of a surrogate pair")]
    [InlineData("""{"$ref":"https://example.com/a"}""", "$ref: ")]
    [InlineData("""{"$schema":"https://example.com/mine"}""", "$schema: ")]
    [InlineData("""{"$dynamicRef":"#a"}""", "$dynamicRef: ")]
    [InlineData("""{"type":"array","items":{"type":"string"},"uniqueItems":true}""", "uniqueItems: ")]
    [InlineData("""{"type":"integer","not":{"multipleOf":3}}""", "multipleOf: ")]
    [InlineData("""{"oneOf":[{"multipleOf":3},{"multipleOf":5}]}""", "oneOf: ")]
    [InlineData("""{"type":"object","oneOf":[{"additionalProperties":{"type":"null"}},{"additionalProperties":{"type":"integer"}}]}""", "oneOf: ")]
    [InlineData("""{"type":["array","string"],"not":{"uniqueItems":true}}""", "uniqueItems: ")]
    [InlineData("""{"items":{"not":{"enum":[[1],[2]]}}}""", "enum: ")]
    [InlineData("""{"not":{"type":"object","unevaluatedProperties":false}}""", "unevaluatedProperties: ")]
    [InlineData("""{"enum":[{"a":1},1],"not":{"type":"object","unevaluatedProperties":false}}""", "unevaluatedProperties: ")]
    [InlineData("""{"not":{"additionalProperties":false,"properties":{"a":{}}},"minProperties":1}""", "additionalProperties: ")]
    [InlineData("""{"not":{"patternProperties":{"a":false}}}""", "patternProperties: ")]
    [InlineData("""{"allOf":[{"contains":{"const":1}},{"contains":{"const":2}}]}""", "contains: ")]
    [InlineData("""{"format":"idn-hostname"}""", "format: ")]
    [InlineData("""{"dependentRequired":{"a":"b"}}""", "dependentRequired: ")]
    [InlineData("""{"if":{"not":{}},"then":5}""", "then: ")]
    [InlineData("""{"$ref":"#/not","not":{"$ref":"#"}}""", "$ref: ")]
    public void Schema_ThatCannotBeEnforced_NamesTheKeyword(string schema, string part) =>
        Should.Throw<ConstraintException>(() => Constraint.OfSchema(JsonDocument.Parse(schema).RootElement)).Message.ShouldContain(part);

    /// <summary>Own keywords decide the order of keys, wherever conditions stand.</summary>
    [Theory]
    [InlineData("""{"if":{"properties":{"b":{"const":1}}},"then":{"required":["c"]},"properties":{"a":{},"b":{}},"required":["a","b"],"additionalProperties":true}""", """{"a":1,"b":1,"c":0}""", true)]
    [InlineData("""{"if":{"properties":{"b":{"const":1}}},"then":{"required":["c"]},"properties":{"a":{},"b":{}},"required":["a","b"],"additionalProperties":true}""", """{"a":1,"b":1}""", false)]
    [InlineData("""{"if":{"properties":{"b":{"const":1}}},"then":{"required":["c"]},"properties":{"a":{},"b":{}},"required":["a","b"],"additionalProperties":true}""", """{"a":1,"b":2}""", true)]
    [InlineData("""{"type":"array","items":{"enum":[1,2,3]},"uniqueItems":true,"minItems":2}""", "[3,1]", true)]
    [InlineData("""{"type":"array","items":{"enum":[1,2,3]},"uniqueItems":true,"minItems":2}""", "[3,1,3]", false)]
    [InlineData("""{"type":"array","items":{"enum":[1,1.0]},"uniqueItems":true}""", "[1,1]", false)]
    [InlineData("""{"not":{"type":"integer"}}""", "1.50", true)]
    [InlineData("""{"not":{"type":"integer"}}""", "1.00", false)]
    [InlineData("""{"patternProperties":{"^(a|b)$":{"type":"integer"}},"additionalProperties":false}""", """{"a":1,"b":2}""", true)]
    [InlineData("""{"patternProperties":{"^(a|b)$":{"type":"integer"}},"additionalProperties":false}""", """{"a":1,"a":2}""", false)]
    [InlineData("""{"properties":{"a":{}},"dependentSchemas":{"a":{"properties":{"b":{"$ref":"#"}}}},"additionalProperties":{"type":"integer"}}""", """{"b":1}""", true)]
    [InlineData("""{"dependentRequired":{"a":["b"]},"anyOf":[{"required":["a"]},{"minLength":3}]}""", "\"a\"", true)]
    [InlineData("""{"dependentRequired":{"a":["b"]},"anyOf":[{"required":["a"]},{"minLength":3}]}""", """{"a":1}""", false)]
    [InlineData("""{"dependentRequired":{"a":["b"]},"if":{"minItems":1},"then":{"required":["a"]}}""", "1", true)]
    [InlineData("""{"dependentRequired":{"a":["b"]},"if":{"minItems":1},"then":{"required":["a"]}}""", "[1]", true)]
    [InlineData("""{"dependentRequired":{"a":["b"]},"type":["object","null"],"required":["a"],"anyOf":[{"properties":{"a":{"type":"integer"}}},{"properties":{"b":{"type":"integer"}}}]}""", "null", true)]
    [InlineData("""{"dependentRequired":{"a":["b"]},"required":["a"],"anyOf":[{"type":"integer"},{"type":"string"}]}""", "1", true)]
    [InlineData("""{"dependentSchemas":{"a":{"required":["b"]}},"required":["a"],"anyOf":[{"type":"integer"},{"type":"string"}]}""", "\"a\"", true)]
    [InlineData("""{"oneOf":[{"properties":{"a":{"const":"b"}},"required":["a"]},{"properties":{"a":{"const":"c"},"c":{"enum":["b",1]}},"minLength":2}],"not":{"const":"ab"}}""", "\"aaa\"", false)]
    [InlineData("""{"oneOf":[{"properties":{"a":{"const":"b"}},"required":["a"]},{"properties":{"a":{"const":"c"},"c":{"enum":["b",1]}},"minLength":2}],"not":{"const":"ab"}}""", "\"a\"", true)]
    [InlineData("""{"oneOf":[{"properties":{"a":{"const":"b"}},"required":["a"],"additionalProperties":{"type":"null"}},{"properties":{"a":{"const":"c"}},"required":["a"],"minLength":2}]}""", """{"a":"b","c":null}""", true)]
    [InlineData("""{"oneOf":[{"properties":{"a":{"const":"b"}},"required":["a"],"additionalProperties":{"type":"null"}},{"properties":{"a":{"const":"c"}},"required":["a"],"minLength":2}]}""", "\"aa\"", false)]
    [InlineData("""{"type":"string","not":{"uniqueItems":true,"multipleOf":3,"maxLength":2,"patternProperties":{"a":false},"propertyNames":{"maxLength":1}}}""", "\"aaa\"", true)]
    [InlineData("""{"type":"string","not":{"uniqueItems":true,"multipleOf":3,"maxLength":2,"patternProperties":{"a":false},"propertyNames":{"maxLength":1}}}""", "\"aa\"", false)]
    [InlineData("""{"enum":[{"a":1},{"b":1},3,4,[1,1],[1,2]],"not":{"patternProperties":{"a":false},"multipleOf":3,"uniqueItems":true}}""", """{"a":1}""", true)]
    [InlineData("""{"enum":[{"a":1},{"b":1},3,4,[1,1],[1,2]],"not":{"patternProperties":{"a":false},"multipleOf":3,"uniqueItems":true}}""", """{"b":1}""", false)]
    [InlineData("""{"enum":[{"a":1},{"b":1},3,4,[1,1],[1,2]],"not":{"patternProperties":{"a":false},"multipleOf":3,"uniqueItems":true}}""", "4", true)]
    [InlineData("""{"enum":[{"a":1},{"b":1},3,4,[1,1],[1,2]],"not":{"patternProperties":{"a":false},"multipleOf":3,"uniqueItems":true}}""", "[1,2]", false)]
    [InlineData("""{"type":["string","null"],"not":{"maxLength":2,"unevaluatedProperties":false,"unevaluatedItems":false}}""", "\"aaa\"", true)]
    [InlineData("""{"type":["string","null"],"not":{"maxLength":2,"unevaluatedProperties":false,"unevaluatedItems":false}}""", "null", false)]
    public void Schema_OfCombinations_AcceptsWhatIsValid(string schema, string text, bool accepted) =>
        Constraint.OfSchema(JsonDocument.Parse(schema).RootElement).Accepts(text).ShouldBe(accepted);

    /// <summary>Conditions on a property that says what kind of object it is exclude each other, so that they do not multiply.</summary>
    [Theory]
    [InlineData("""{"type":"object","properties":{"kind":{"type":"string"}},"required":["kind"],"allOf":[@]}""", "", false)]
    [InlineData("""{"type":"object","properties":{"kind":{"type":"string"}},"required":["kind"],"allOf":[@]}""", ""","required":["kind"]""", false)]
    [InlineData("""{"required":["kind"],"allOf":[@]}""", "", true)]
    [InlineData("""{"allOf":[@]}""", ""","required":["kind"]""", true)]
    public void Conditions_OnManyKindsOfObjects_AreToldApart(string schema, string isThere, bool allowsOthers)
    {
        var conditions = Enumerable.Range(0, 40).Select(i => $$$"""{"if":{"properties":{"kind":{"const":"k{{{i}}}"}}{{{isThere}}}},"then":{"properties":{"v":{"const":{{{i}}}}},"required":["v"]}}""");
        var constraint = Constraint.OfSchema(JsonDocument.Parse(schema.Replace("@", string.Join(',', conditions), StringComparison.Ordinal)).RootElement);
        constraint.Accepts("""{"kind":"k7","v":7}""").ShouldBeTrue();
        constraint.Accepts("""{"kind":"k7","v":8}""").ShouldBeFalse();
        constraint.Accepts("""{"kind":"k7"}""").ShouldBeFalse();
        constraint.Accepts("""{"kind":"other"}""").ShouldBeTrue();
        constraint.Accepts("[1]").ShouldBe(allowsOthers);
    }

    /// <summary>Values that are no objects satisfy all branches, objects one.</summary>
    [Fact]
    public void Branches_OfManyKindsOfObjectsWithoutType_AllowObjectsOnly()
    {
        var branches = Enumerable.Range(0, 20).Select(i => $$$"""{"properties":{"kind":{"const":"k{{{i}}}"}},"required":["kind"],"additionalProperties":{"const":{{{i}}}}}""");
        var constraint = Constraint.OfSchema(JsonDocument.Parse($$"""{"oneOf":[{{string.Join(',', branches)}}]}""").RootElement);
        constraint.Accepts("""{"kind":"k7","v":7}""").ShouldBeTrue();
        constraint.Accepts("""{"kind":"k7","v":8}""").ShouldBeFalse();
        constraint.Accepts("""{"kind":"other"}""").ShouldBeFalse();
        constraint.Accepts("null").ShouldBeFalse();
    }

    /// <summary>Names that no properties list stand in the order in which the text requires them.</summary>
    [Theory]
    [InlineData("""{"properties":{"d":{}},"allOf":[{"required":["b"]}],"required":["c"]}""", "dbc")]
    [InlineData("""{"required":["c"],"allOf":[{"required":["b"]}],"properties":{"d":{}}}""", "dcb")]
    [InlineData("""{"required":["c"],"properties":{"d":{}},"anyOf":[{"required":["b"]}]}""", "dcb")]
    [InlineData("""{"allOf":[{"required":["b"]}],"required":["c"],"properties":{"d":{}}}""", "dbc")]
    [InlineData("""{"properties":{"d":{}},"allOf":[{"required":["b"],"properties":{"a":{}}}],"required":["c"]}""", "dabc")]
    [InlineData("""{"properties":{"d":{}},"required":["c"],"dependentRequired":{"d":["b"]}}""", "dcb")]
    [InlineData("""{"dependentRequired":{"d":["b"]},"properties":{"d":{}},"required":["c"]}""", "dcb")]
    public void Keys_ThatAreRequiredButNotListed_StandInTheOrderOfTheText(string schema, string order)
    {
        var constraint = Constraint.OfSchema(JsonDocument.Parse(schema).RootElement);
        using var value = JsonDocument.Parse($"{{{string.Join(',', order.Select(key => $"\"{key}\":1"))}}}");
        var accepted = CanonicalOrders.Of(value.RootElement).Where(constraint.Accepts);
        accepted.ShouldHaveSingleItem().ShouldBe($"{{{string.Join(", ", order.Select(key => $"\"{key}\": 1"))}}}");
    }

    private static IEnumerable<string> Check(JsonElement line)
    {
        var id = line.GetProperty("id").GetString();
        var supported = line.GetProperty("supported");
        Constraint? constraint = null;
        var refusal = "";
        try
        {
            constraint = Constraint.OfSchema(line.GetProperty("schema"));
        }
        catch (ConstraintException refused)
        {
            refusal = refused.Message;
        }

        if (constraint is null)
        {
            var keywords = line.GetProperty("keywords").EnumerateArray().Select(keyword => keyword.GetString()!).ToList();
            if (supported.ValueKind == JsonValueKind.True)
            {
                yield return $"{id}: refused: {refusal}";
            }
            else if (keywords.Count > 0 && !keywords.Any(keyword => refusal.Contains(keyword, StringComparison.Ordinal)))
            {
                yield return $"{id}: the error names none of {string.Join(", ", keywords)}: {refusal}";
            }

            yield break;
        }

        if (supported.ValueKind == JsonValueKind.False)
        {
            yield return $"{id}: not refused";
            yield break;
        }

        foreach (var instance in line.GetProperty("instances").EnumerateArray())
        {
            if (instance.TryGetProperty("may", out var may) && may.ValueKind == JsonValueKind.True)
            {
                continue; // a repeated additional key: either verdict passes
            }

            var text = instance.GetProperty("text").GetString()!;
            var expected = instance.GetProperty("valid").GetBoolean() && instance.GetProperty("canonical").ValueKind == JsonValueKind.True;
            if (constraint.Accepts(text) != expected)
            {
                yield return $"{id}: {text} should be {(expected ? "accepted" : "refused")}";
            }
        }
    }
}
