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
