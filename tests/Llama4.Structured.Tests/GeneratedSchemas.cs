using CsCheck;

namespace Llama4.Structured.Tests;

/// <summary>Schemas of every keyword that is supported, as they nest and combine.</summary>
internal static class GeneratedSchemas
{
    private static readonly Gen<string> Strings = OneOf(
        """{"type":"string"}""", """{"type":"string","minLength":2,"maxLength":4}""", """{"type":"string","pattern":"^[a-c]{1,3}$"}""",
        """{"type":"string","pattern":"x\\d"}""", """{"type":"string","maxLength":3,"not":{"pattern":"^a"}}""", """{"enum":["a","b","ab"]}""",
        """{"type":"string","format":"date"}""", """{"type":"string","format":"ipv4"}""", """{"type":"string","format":"uuid"}""",
        """{"type":"string","not":{"enum":["a","b"]}}""");

    private static readonly Gen<string> Numbers = OneOf(
        """{"type":"integer"}""", """{"type":"integer","minimum":-3,"maximum":12}""", """{"type":"integer","multipleOf":7,"exclusiveMinimum":0}""",
        """{"type":"number","minimum":0.5,"exclusiveMaximum":2}""", """{"type":"number","multipleOf":0.25,"minimum":-1,"maximum":1}""",
        """{"enum":[1,2.5,-3]}""", """{"type":"integer","minimum":0,"maximum":9,"not":{"const":5}}""");

    private static readonly Gen<string> Leaves = Gen.OneOf(
        Strings, Numbers, OneOf("true", """{"type":"boolean"}""", """{"type":"null"}""", """{"const":{"k":[1,"x"]}}""", """{"type":["integer","null"]}""", """{"enum":["a",1,null,true,["b"]]}"""));

    /// <summary>Small objects that tell each other apart by a key, for oneOf and if.</summary>
    private static readonly Gen<string> Tagged = Gen.Select(Leaves, Leaves, (a, b) =>
        Fill("""{"oneOf":[{"type":"object","properties":{"kind":{"const":"a"},"x":@1},"required":["kind"],"additionalProperties":false},{"type":"object","properties":{"kind":{"const":"b"},"y":@2},"required":["kind","y"],"additionalProperties":false}]}""", a, b));

    /// <summary>Keywords of several types, each of which says nothing of values of other types.</summary>
    private static readonly string[] Keywords =
    [
        """ "required":["a"] """, """ "properties":{"a":@1,"kind":{"enum":["a","b","c"]}} """, """ "dependentRequired":{"a":["b"],"kind":["a"]} """, """ "dependentSchemas":{"a":{"anyOf":[@1,{"required":["b"]}]}} """,
        """ "anyOf":[{"required":["a"]},{"minLength":3},{"properties":{"a":@2},"required":["b"]}] """, """ "if":{"minItems":1},"then":{"required":["a"]},"else":{"maxLength":4} """,
        """ "allOf":[{"if":{"properties":{"kind":{"const":"a"}},"required":["kind"]},"then":{"required":["a"]}},{"if":{"properties":{"kind":{"const":"b"}}},"then":{"properties":{"b":@2}}},{"minLength":1}] """,
        """ "oneOf":[{"properties":{"kind":{"const":"a"}},"required":["kind"]},{"properties":{"kind":{"const":"b"},"b":@2},"minLength":2},{"properties":{"kind":{"const":"c"}},"required":["kind"],"minItems":2}] """,
        """ "not":{"anyOf":[{"required":["c"]},{"maxLength":0},{"const":5}]} """, """ "minProperties":1 """, """ "maxItems":3 """, """ "minimum":0 """, """ "maxLength":6 """, """ "additionalProperties":@1 """,
    ];

    /// <summary>Objects and whatever else is not excluded, since no type is named, or several are.</summary>
    private static readonly Gen<string> Untyped = Gen.Select(Leaves, Leaves, Gen.Int[2, 4].SelectMany(count => Gen.Shuffle(Keywords, count)), OneOf("", ""","type":["object","null"]""", ""","type":["array","object","string"]"""), (a, b, keywords, type) =>
        Fill($"{{{string.Join(',', keywords)}{type}}}", a, b));

    /// <summary>Schemas up to three levels deep.</summary>
    public static Gen<string> All { get; } = Gen.Recursive<string>((depth, inner) => depth == 3 ? Leaves : Gen.OneOf(
        Leaves,
        Tagged,
        Untyped,
        Untyped,
        Gen.Select(inner, Gen.Int[0, 2], Gen.Int[2, 3], (item, min, max) => Fill("""{"type":"array","items":@1,"minItems":@2,"maxItems":@3}""", item, min, max)),
        Gen.Select(inner, inner, (a, b) => Fill("""{"type":"array","prefixItems":[@1,@2],"items":{"type":"integer"},"maxItems":4}""", a, b)),
        Gen.Select(Leaves, Leaves, Gen.Int[1, 2], (a, b, min) => Fill("""{"type":"array","items":{"anyOf":[@1,@2]},"contains":@3,"minContains":@4,"maxItems":4}""", a, b, a, min)),
        OneOf("""{"type":"array","items":{"enum":["a","b",1,2]},"uniqueItems":true}""", """{"type":"array","items":{"type":"integer","minimum":1,"maximum":4},"uniqueItems":true,"minItems":2}""",
            """{"type":"array","items":{"type":"integer","minimum":0,"maximum":9},"contains":{"minimum":5},"maxContains":1,"maxItems":4}"""),
        Gen.Select(inner, inner, OneOf("false", """{"type":"integer"}"""), OneOf("", "\"b\""), (a, b, open, required) =>
            Fill("""{"type":"object","properties":{"a":@1,"b":@2},"required":[@3],"additionalProperties":@4}""", a, b, required, open)),
        Gen.Select(inner, inner, (a, b) => Fill("""{"type":"object","patternProperties":{"^x":@1,"y$":@2},"additionalProperties":false,"maxProperties":3}""", a, b)),
        Gen.Select(inner, a => Fill("""{"type":"object","propertyNames":{"pattern":"^[a-c]{1,2}$"},"additionalProperties":@1,"minProperties":1,"maxProperties":3}""", a)),
        Gen.Select(inner, a => Fill("""{"type":"object","propertyNames":{"enum":["p","q"]},"additionalProperties":@1}""", a)),
        Gen.Select(inner, inner, (a, b) =>
            Fill("""{"type":"object","properties":{"kind":{"enum":["a","b"]},"v":@1,"w":{"type":"integer"}},"required":["kind"],"if":{"properties":{"kind":{"const":"a"}}},"then":{"required":["v"]},"else":{"properties":{"v":@2}},"additionalProperties":false}""", a, b)),
        Gen.Select(inner, inner, (a, b) =>
            Fill("""{"type":"object","properties":{"a":@1,"b":@2,"c":{"type":"null"}},"dependentRequired":{"a":["b"]},"dependentSchemas":{"c":{"properties":{"b":{"type":"integer"}}}},"additionalProperties":false}""", a, b)),
        Gen.Select(inner, inner, (a, b) =>
            Fill("""{"allOf":[{"type":"object","properties":{"a":@1},"required":["a"]}],"anyOf":[{"properties":{"b":@2},"required":["b"]},{"properties":{"c":{"type":"boolean"}}}],"unevaluatedProperties":false}""", a, b)),
        Gen.Select(inner, inner, (a, b) => Fill("""{"anyOf":[@1,@2]}""", a, b)),
        Gen.Select(inner, inner, (a, b) => Fill("""{"oneOf":[@1,@2]}""", a, b)),
        Gen.Select(inner, inner, (a, b) => Fill("""{"allOf":[@1,{"not":@2}]}""", a, b)),
        Gen.Select(inner, a => Fill("""{"$ref":"#/$defs/n","$defs":{"n":{"type":"object","properties":{"v":@1,"next":{"anyOf":[{"type":"null"},{"$ref":"#/$defs/n"}]}},"required":["v"],"additionalProperties":false}}}""", a))));

    /// <summary>Puts values in the places @1, @2 and so on.</summary>
    private static string Fill(string schema, params ReadOnlySpan<object> values)
    {
        for (var i = 0; i < values.Length; i++)
        {
            schema = schema.Replace($"@{i + 1}", values[i].ToString(), StringComparison.Ordinal);
        }

        return schema;
    }

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);
}
