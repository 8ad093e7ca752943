using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using CsCheck;
using Json.Schema;
using Llama4.Tokenization.ToolCalls;

namespace Llama4.Structured.Tests;

/// <summary>Answers drawn under generated schemas with the masks of the real vocabulary, against a validator that others wrote.</summary>
public sealed class AnswerPropertyTests(ITestOutputHelper output)
{
    private const int TokensMax = 300;

    /// <summary>After so many tokens an answer hurries to its end.</summary>
    private const int FreeTokens = 25;

    private static readonly EvaluationOptions Options = new() { RequireFormatValidation = true };

    private readonly Dictionary<string, int> _refused = [];
    private int _schemas;
    private int _answers;
    private int _mutants;
    private int _mutantsValid;

    [Fact]
    public void Answer_DrawnUnderAGeneratedSchema_IsValidAndWhatIsInvalidIsRefused()
    {
        Each(700, Check);
        output.WriteLine($"{_schemas} schemas, others refused for {string.Join(", ", _refused.Select(one => $"{one.Key} {one.Value}"))}; {_answers} answers valid, {_mutants} mutants, {_mutantsValid} of them valid");
        _schemas.ShouldBeGreaterThanOrEqualTo(500);
        _answers.ShouldBeGreaterThan(800);
        (_mutants - _mutantsValid).ShouldBeGreaterThan(2_000);
        _mutantsValid.ShouldBeGreaterThan(500);
    }

    [Fact]
    public void Call_DrawnWithPythonArguments_IsReadBackAsArgumentsThatAreValid()
    {
        var calls = 0;
        Each(
            400,
            (value, seed) =>
            {
                var schema = $$$"""{"type":"object","properties":{"a":{{{value}}},"b":{"type":["string","null","boolean"]}},"required":["a"],"additionalProperties":false}""";
                if (DrawCall(schema, seed) is not { } text)
                {
                    return;
                }

                var (content, read) = ToolCallParser.Parse(text, ["f"]);
                content.ShouldBeNull(text);
                using var arguments = JsonDocument.Parse(read.ShouldHaveSingleItem().Arguments);
                if (!HasGreatNumber(arguments.RootElement))
                {
                    JsonSchema.FromText(schema).Evaluate(arguments.RootElement, Options).IsValid.ShouldBeTrue($"drawn under {schema}: {text}");
                    calls++;
                }
            });
        output.WriteLine($"{calls} calls");
        calls.ShouldBeGreaterThan(60);
    }

    /// <summary>Generated schemas, each with a seed for what is drawn under it. All are one sample of a fixed seed, so that a run tells of a change, not of luck.</summary>
    private static void Each(int count, Action<string, int> check) => Gen.Select(GeneratedSchemas.All, Gen.Int[0, int.MaxValue]).Array[count].Sample(
        samples => Array.ForEach(samples, sample => check(sample.Item1, sample.Item2)), seed: "0N0XIzNsQ0O2", iter: 1, threads: 1, print: samples => $"{samples.Length} schemas");

    /// <summary>A call drawn under a schema; null where it is refused, never ends, or gives a key twice, which is no call to the reader.</summary>
    private static string? DrawCall(string schema, int seed)
    {
        try
        {
            var arguments = ConstraintParts.PythonArguments(JsonDocument.Parse(schema).RootElement);
            var text = Draw(Constraint.OfGrammar(ConstraintParts.Sequence(ConstraintParts.Literal("[f("), arguments, ConstraintParts.Literal(")]"))), new Random(seed));
            return schema.Contains("\"patternProperties\"", StringComparison.Ordinal) || schema.Contains("\"propertyNames\"", StringComparison.Ordinal)
                || schema.Contains("true", StringComparison.Ordinal) || schema.Contains("\"additionalProperties\":{", StringComparison.Ordinal) ? null : text;
        }
        catch (ConstraintException)
        {
            return null;
        }
    }

    private void Check(string schema, int seed)
    {
        var vocabulary = SharedVocabulary.Llama4;
        Constraint constraint;
        try
        {
            constraint = Constraint.OfSchema(JsonDocument.Parse(schema).RootElement);
        }
        catch (ConstraintException refusal)
        {
            _refused[refusal.Keyword] = _refused.GetValueOrDefault(refusal.Keyword) + 1;
            return;
        }

        _schemas++;

        var validator = JsonSchema.FromText(schema);
        var random = new Random(seed);
        for (var answer = 0; answer < 2; answer++)
        {
            var text = Draw(constraint, random);
            if (text is null)
            {
                continue; // a recursion that chance never left
            }

            constraint.Accepts(text).ShouldBeTrue(text);
            using var value = JsonDocument.Parse(text);
            if (HasTwoOfAKey(value.RootElement) || IsValid(validator, value.RootElement) is not { } isValid)
            {
                continue; // keys that are not listed may repeat: see the README of the structured goldens
            }

            isValid.ShouldBeTrue($"drawn under {schema}: {text}");
            _answers++;
            for (var i = 0; i < 12; i++)
            {
                CheckMutant(schema, constraint, validator, Mutants.Of(value.RootElement, random));
            }
        }
    }

    private void CheckMutant(string schema, Constraint constraint, JsonSchema validator, JsonElement mutant)
    {
        var orders = CanonicalOrders.Of(mutant).Take(200).ToList();
        if (IsValid(validator, mutant) is not { } isValid || (isValid && orders.Count == 200))
        {
            return;
        }

        _mutants++;
        _mutantsValid += isValid ? 1 : 0;
        orders.Exists(constraint.Accepts).ShouldBe(isValid, $"{mutant.GetRawText()} under {schema}");
    }

    /// <summary>What the validator says; null where a number is too great or too long for it.</summary>
    private static bool? IsValid(JsonSchema validator, JsonElement value) => HasGreatNumber(value) ? null : validator.Evaluate(value, Options).IsValid;

    private static bool HasGreatNumber(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().Any(member => HasGreatNumber(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasGreatNumber),
        JsonValueKind.Number => value.GetRawText() is var text && (text.Length > 15 || text.AsSpan().IndexOfAny('e', 'E') >= 0),
        _ => false,
    };

    private static string? Draw(Constraint constraint, Random random)
    {
        var vocabulary = SharedVocabulary.Llama4;
        var mask = new uint[vocabulary.MaskWords];
        var state = constraint.Start(vocabulary);
        var text = new List<byte>();
        for (var count = 0; count < TokensMax; count++)
        {
            state.FillMask(mask);
            var token = Choose(state, mask, count > FreeTokens, random);
            state = state.Advance(token).ShouldNotBeNull();
            if (state.IsEnded)
            {
                return Encoding.UTF8.GetString([.. text]);
            }

            text.AddRange(vocabulary.BytesOf(token)!);
        }

        return null;
    }

    /// <summary>Any token that is allowed, of ASCII: validators count characters in other ways beyond it.</summary>
    private static int Choose(ConstraintState state, uint[] mask, bool hurries, Random random)
    {
        var vocabulary = SharedVocabulary.Llama4;
        if (state.IsComplete && (hurries || state.MustEnd || random.Next(3) == 0))
        {
            return vocabulary.StopIds[0];
        }

        foreach (var closing in hurries ? "\"'])}"u8.ToArray() : [])
        {
            if (Ascii[closing] is var token && Has(mask, token) && random.Next(4) > 0)
            {
                return token;
            }
        }

        for (var tries = 0; tries < 100 && !hurries; tries++)
        {
            var token = random.Next(random.Next(2) == 0 ? 1_000 : 200_000);
            if (Has(mask, token) && vocabulary.BytesOf(token) is { } bytes && Array.TrueForAll(bytes, value => value < 0x80))
            {
                return token;
            }
        }

        var single = Enumerable.Range(0, 128).Select(value => Ascii[value]).Where(token => token >= 0 && Has(mask, token)).ToList();
        return single[random.Next(single.Count)];
    }

    private static readonly int[] Ascii = FindAscii();

    private static int[] FindAscii()
    {
        var tokens = new int[128];
        Array.Fill(tokens, -1);
        for (var token = 0; token < 200_000; token++)
        {
            if (SharedVocabulary.Llama4.BytesOf(token) is [< 0x80] single)
            {
                tokens[single[0]] = token;
            }
        }

        return tokens;
    }

    private static bool Has(uint[] mask, int token) => (mask[token >> 5] >> token & 1) != 0;

    private static bool HasTwoOfAKey(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.Object => value.EnumerateObject().DistinctBy(member => member.Name).Count() < value.EnumerateObject().Count()
            || value.EnumerateObject().Any(member => HasTwoOfAKey(member.Value)),
        JsonValueKind.Array => value.EnumerateArray().Any(HasTwoOfAKey),
        _ => false,
    };
}
