using System.Text;
using System.Text.Json;
using CsCheck;
using Llama4.Structured.Vocabularies;

namespace Llama4.Structured.Tests;

/// <summary>Every bit of a mask against trying the token, over a small vocabulary whose tokens cross every border between pieces.</summary>
public sealed class MaskPropertyTests
{
    private static readonly byte[]?[] Tokens =
    [
        .. Enumerable.Range(0, 256).Select(value => (byte[]?)[(byte)value]),
        .. new[] { "ab", "a\"", "\",", "\", ", "\":", "\": ", "\"}", "\"]", "],", "}]", "{\"", "[\"", "\":\"", "12", "1,", "1]", "-1", "0.5", "true", "null", "é", "éa\"", "\\n", "\\u00", "日本", "[[", "]]", "{}", " \"", "aaa" }
            .Select(text => (byte[]?)Encoding.UTF8.GetBytes(text)),
        [0xE6, 0x97], [0xA5, (byte)'"'], [0xF0, 0x9F], [0x98, 0x80],
        null, // a special token, and the one that stops
    ];

    private static readonly int Stop = Tokens.Length - 1;

    private static readonly Gen<string> Leaves = OneOf(
        """{"type":"string"}""",
        """{"type":"string","minLength":1,"maxLength":3}""",
        """{"type":"string","pattern":"a+$"}""",
        """{"type":"integer","minimum":-5,"maximum":120}""",
        """{"type":"number","multipleOf":0.5,"minimum":0}""",
        """{"enum":["a","ab",1,null,[1,"é"],"x\ny"]}""",
        "true");

    private static readonly Gen<string> Schemas = Gen.Recursive<string>((depth, inner) => depth == 3 ? Leaves : Gen.OneOf(
        Leaves,
        inner.Select(item => $$"""{"type":"array","items":{{item}},"minItems":1,"maxItems":2}"""),
        Gen.Select(inner, inner, Gen.Bool, (a, b, open) =>
            $$"""{"type":"object","properties":{"a":{{a}},"ab":{{b}}},"required":["ab"],"additionalProperties":{{(open ? "true" : "false")}}}"""),
        Gen.Select(inner, inner, (a, b) => $$"""{"anyOf":[{{a}},{{b}}]}""")));

    private static readonly Gen<string> Regexes = OneOf(
        "a*b?", "[^a]+", "(?:ab|a)*\"", ".{1,3}", "\\d+(?:,1)?", "日?本?é", "(?:[a-c]{2,4}|\\W)+$");

    [Fact]
    public void Mask_OfGeneratedSchemas_IsWhatTryingEveryTokenGives() =>
        Gen.Select(Schemas, Gen.Int[0, int.MaxValue].Array[12]).Sample(
            (schema, choices) => Walk(Constraint.OfSchema(JsonDocument.Parse(schema).RootElement), choices), iter: 150, threads: 1);

    [Fact]
    public void Mask_OfRegexes_IsWhatTryingEveryTokenGives() =>
        Gen.Select(Regexes, Gen.Int[0, int.MaxValue].Array[12]).Sample(
            (regex, choices) => Walk(Constraint.OfRegex(regex), choices), iter: 100, threads: 1);

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static bool Walk(Constraint constraint, int[] choices)
    {
        var vocabulary = new Vocabulary(Tokens, [Stop]);
        var mask = new uint[vocabulary.MaskWords];
        var state = constraint.Start(vocabulary);
        foreach (var choice in choices)
        {
            state.FillMask(mask);
            var allowed = new List<int>();
            for (var token = 0; token < Tokens.Length; token++)
            {
                var tried = token == Stop ? state.IsComplete : state.Advance(Tokens[token]!) is not null;
                if (tried != ((mask[token >> 5] >> token & 1) != 0))
                {
                    return false;
                }

                if (tried)
                {
                    allowed.Add(token);
                }
            }

            // Some text can always still come about.
            if (allowed.Count == 0)
            {
                return false;
            }

            state = state.Advance(allowed[choice % allowed.Count])!;
            if (state.IsEnded)
            {
                return true;
            }
        }

        return true;
    }
}
