using System.Text;
using System.Text.Json;

namespace Llama4.Structured.Tests;

/// <summary>Whatever a caller sends as a schema, regex or grammar: one clear error, or masks, and neither takes long.</summary>
public sealed class HostileInputTests
{
    /// <summary>Far more than an idle machine needs for any of them, and far less than a hang.</summary>
    private static readonly TimeSpan SlowestMax = TimeSpan.FromSeconds(30);

    private static readonly string[] Keywords =
    [
        "type", "enum", "const", "minimum", "maximum", "exclusiveMinimum", "multipleOf", "minLength", "maxLength", "pattern", "format", "items", "prefixItems",
        "minItems", "maxItems", "uniqueItems", "contains", "minContains", "maxContains", "properties", "required", "additionalProperties", "patternProperties",
        "propertyNames", "minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "dependencies", "allOf", "anyOf", "oneOf", "not", "if", "then",
        "else", "$ref", "$defs", "$anchor", "$id", "$schema", "unevaluatedProperties", "unevaluatedItems", "additionalItems", "title", "default",
    ];

    private static readonly string[] Scalars =
    [
        "true", "false", "null", "0", "1", "2", "-1", "3", "100000000", "1e400", "0.5", "1e-7", "\"\"", "\"a\"", "\"string\"", "\"object\"", "\"array\"", "\"integer\"", "\"number\"",
        "\"#\"", "\"#/$defs/a\"", "\"#a\"", "\"^a+$\"", "\"(a|b){2,40}\"", "\"[^\"", "\"date\"", "\"uri\"", "\"hostname\"", "[\"a\",\"b\"]", "[\"string\",\"null\"]", "[]", "{}", "\"\\ud800\"", "\"\\ud83d\\ude00\"",
        "\"(?=.*a)(?!b).*\"", "\"\\\\p{L}\"", "\"\\\\bx\"", "[1,2.5,\"a\",[1],{\"a\":1}]", "12345678901234567890.125",
    ];

    private static readonly string[] RegexParts = ["a", "b", "é", "😀", ".", "\\d", "\\w", "\\p{L}", "[a-z]", "[^ab]", "(", "(?:", "(?=", "(?!", ")", "|", "*", "+", "?", "{2}", "{0,30}", "{3,}", "^", "$", "\\b", "\\B", "\\", "[", "]", "\"", "\\u{1F600}"];

    private static readonly string[] GrammarParts = ["root ::= ", "\n", "a ::= ", "b ::= ", "root", "a", "b", "\"x\"", "\"\"", "[a-z]", "[^\"]", ".", "(", ")", "|", "*", "+", "?", "{2,5}", "{0,1000}", " ", " ", "# no\n", "\"\\x41", "é"];

    [Fact]
    public void Schema_OfRandomKeywordsAndValues_IsRefusedOrMasked() =>
        Run(4_000, random => Json(random, 0), text => Constraint.OfSchema(JsonDocument.Parse(text).RootElement));

    [Fact]
    public void Schema_OfTheGoldensWithPartsOfOthersInIt_IsRefusedOrMasked()
    {
        var schemas = GoldenLines.Read("schemas.jsonl.gz").Select(line => line.GetProperty("schema").GetRawText()).Where(text => text.Length < 2_000).ToList();
        Run(2_000, random => Splice(random, schemas), text => Constraint.OfSchema(JsonDocument.Parse(text).RootElement));
    }

    [Fact]
    public void Regex_OfRandomParts_IsRefusedOrMasked() =>
        Run(4_000, random => Parts(random, RegexParts), Constraint.OfRegex);

    [Fact]
    public void Grammar_OfRandomParts_IsRefusedOrMasked() =>
        Run(4_000, random => "root ::= " + Parts(random, GrammarParts) + (random.Next(2) == 0 ? "\na ::= \"y\" | b a\nb ::= [0-9] root?" : ""), Constraint.OfGrammar);

    private static void Run(int count, Func<Random, string> text, Func<string, Constraint> compile)
    {
        var accepted = 0;
        for (var seed = 0; seed < count; seed++)
        {
            var random = new Random(seed);
            var input = text(random);
            var before = Machine.ThreadTime();
            try
            {
                Walk(compile(input), random);
                accepted++;
            }
            catch (ConstraintException refusal)
            {
                refusal.Message.ShouldStartWith(refusal.Keyword);
            }
            catch (Exception fault) when (fault is not (ConstraintException or ShouldAssertException))
            {
                throw new InvalidOperationException($"seed {seed}: {input}", fault);
            }

            (Machine.ThreadTime() - before).ShouldBeLessThan(SlowestMax, $"seed {seed}: {input}");
        }

        accepted.ShouldBeGreaterThan(count / 20);
    }

    /// <summary>A few random tokens: some text can always still come about.</summary>
    private static void Walk(Constraint constraint, Random random)
    {
        var vocabulary = SharedVocabulary.Llama4;
        var mask = new uint[vocabulary.MaskWords];
        var state = constraint.Start(vocabulary);
        for (var i = 0; i < 3 && !state.IsEnded; i++)
        {
            state.FillMask(mask);
            var from = random.Next(vocabulary.Size);
            var token = Enumerable.Range(0, vocabulary.Size).Select(offset => (from + offset) % vocabulary.Size).FirstOrDefault(id => (mask[id >> 5] >> id & 1) != 0, -1);
            token.ShouldBeGreaterThanOrEqualTo(0);
            state = state.Advance(token).ShouldNotBeNull();
        }
    }

    private static string Json(Random random, int depth)
    {
        if (depth > 3 || (depth > 0 && random.Next(3) == 0))
        {
            return Scalars[random.Next(Scalars.Length)];
        }

        if (random.Next(6) == 0)
        {
            return $"[{string.Join(',', Enumerable.Range(0, random.Next(1, 4)).Select(_ => Json(random, depth + 1)))}]";
        }

        var names = Enumerable.Range(0, random.Next(1, 4)).Select(_ => random.Next(5) == 0 ? "a" : Keywords[random.Next(Keywords.Length)]);
        return $"{{{string.Join(',', names.Select(name => $"\"{name}\":{Value(random, name, depth)}"))}}}";
    }

    /// <summary>Mostly of the kind that the keyword asks for.</summary>
    private static string Value(Random random, string keyword, int depth) => random.Next(8) == 0 ? Json(random, depth + 1) : keyword switch
    {
        "type" => Pick(random, "\"string\"", "\"object\"", "\"array\"", "\"integer\"", "\"number\"", "[\"string\",\"null\"]"),
        "allOf" or "anyOf" or "oneOf" or "prefixItems" => $"[{Json(random, depth + 1)},{Json(random, depth + 1)}]",
        "properties" or "patternProperties" or "$defs" or "dependentSchemas" or "dependencies" => $"{{\"a\":{Json(random, depth + 1)},\"b\":{Json(random, depth + 1)}}}",
        "items" or "additionalProperties" or "contains" or "not" or "if" or "then" or "else" or "propertyNames" or "unevaluatedProperties" or "unevaluatedItems" => Json(random, depth + 1),
        "required" => "[\"a\",\"b\"]",
        "dependentRequired" => "{\"a\":[\"b\"],\"b\":[\"c\"]}",
        "enum" => Pick(random, "[1,2]", "[\"a\",\"b\",null]", "[{\"a\":1},[1,2]]"),
        "pattern" => Pick(random, "\"^a+$\"", "\"(a|b){2,40}\"", "\"(?=.*a)(?!b).*\"", "\"^(?=.*a)(?!b).*\"", "\"\\\\bx\""),
        "format" => Pick(random, "\"date\"", "\"uri\"", "\"hostname\"", "\"email\"", "\"odd\""),
        "uniqueItems" => Pick(random, "true", "false"),
        "$ref" => Pick(random, "\"#\"", "\"#/$defs/a\"", "\"#/properties/a\"", "\"#a\""),
        _ => Scalars[random.Next(Scalars.Length)],
    };

    private static string Pick(Random random, params ReadOnlySpan<string> texts) => texts[random.Next(texts.Length)];

    private static string Parts(Random random, string[] parts)
    {
        var text = new StringBuilder();
        for (var i = random.Next(1, 14); i > 0; i--)
        {
            text.Append(parts[random.Next(parts.Length)]);
        }

        return text.ToString();
    }

    /// <summary>A schema with another one in the place of one of its own.</summary>
    private static string Splice(Random random, List<string> schemas)
    {
        var (outer, inner) = (schemas[random.Next(schemas.Count)], schemas[random.Next(schemas.Count)]);
        var places = Enumerable.Range(1, Math.Max(0, outer.Length - 1)).Where(at => outer[at] == '{').ToList();
        if (places.Count == 0)
        {
            return $"{{\"{Pick(random, "not", "allOf", "if", "contains")}\":{inner}}}";
        }

        var from = places[random.Next(places.Count)];
        var depth = 0;
        var to = from;
        do
        {
            depth += outer[to] switch { '{' => 1, '}' => -1, _ => 0 };
            to++;
        }
        while (depth > 0 && to < outer.Length);
        var text = outer[..from] + inner + outer[to..];
        try
        {
            JsonDocument.Parse(text);
            return text;
        }
        catch (JsonException)
        {
            return inner; // a brace inside a string
        }
    }
}
