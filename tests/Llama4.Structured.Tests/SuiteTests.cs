using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llama4.Structured.Tests;

/// <summary>The public JSON Schema Test Suite: a schema is refused, or right on every instance.</summary>
public sealed class SuiteTests(ITestOutputHelper output)
{
    /// <summary>Files that speak of another language than ours, which asserts formats and reads no content inside strings.</summary>
    private static readonly string[] Other = ["format", "optional/format-assertion", "optional/content"];

    [Theory]
    [InlineData("draft2020-12", "https://json-schema.org/draft/2020-12/schema", 346)]
    [InlineData("draft7", "http://json-schema.org/draft-07/schema#", 247)]
    public void Schema_OfThePublicSuite_IsRefusedOrRightOnEveryInstance(string draft, string dialect, int supportedMin)
    {
        var (wrong, refused) = (new List<string>(), new Dictionary<string, List<string>>());
        var (groups, supported, instances) = (0, 0, 0);
        foreach (var group in Groups(draft).Where(group => !Other.Contains(group.GetProperty("file").GetString())))
        {
            groups++;
            var name = $"{group.GetProperty("file").GetString()}: {group.GetProperty("description").GetString()}";
            Constraint constraint;
            try
            {
                constraint = Constraint.OfSchema(WithDialect(group.GetProperty("schema"), dialect));
            }
            catch (ConstraintException refusal)
            {
                (refused.TryGetValue(refusal.Keyword, out var list) ? list : refused[refusal.Keyword] = []).Add($"{name}: {refusal.Message}");
                // Where nothing is valid, a refusal is all there is.
                continue;
            }

            supported++;
            foreach (var test in group.GetProperty("tests").EnumerateArray())
            {
                instances++;
                var (data, valid) = (test.GetProperty("data"), test.GetProperty("valid").GetBoolean());
                if (CanonicalOrders.Of(data).Any(constraint.Accepts) != valid && !IsNeverWritten(group.GetProperty("file").GetString()!, data))
                {
                    wrong.Add($"{name}: {data.GetRawText()} should be {(valid ? "accepted" : "refused")} ({test.GetProperty("description").GetString()})");
                }
            }
        }

        output.WriteLine($"{draft}: {supported} of {groups} schemas supported ({100.0 * supported / groups:0.0} %), {instances} instances, {wrong.Count} wrong");
        foreach (var (keyword, list) in refused.OrderByDescending(entry => entry.Value.Count))
        {
            output.WriteLine($"  refused for {keyword}: {list.Count}\n    {string.Join("\n    ", list)}");
        }

        wrong.ShouldBeEmpty();
        supported.ShouldBeGreaterThanOrEqualTo(supportedMin);
    }

    /// <summary>A leap second, small letters in a time, quotes and addresses in an e-mail address, names of hosts that stand for others (punycode): valid, but not of our language (see the README of the structured goldens).</summary>
    private static bool IsNeverWritten(string file, JsonElement data) => data.ValueKind == JsonValueKind.String && data.GetString() is { } text && file switch
    {
        "optional/format/time" or "optional/format/date-time" => text.Contains(":60", StringComparison.Ordinal) || text.Contains('t') || text.Contains('z'),
        "optional/format/hostname" => text.Contains("xn--", StringComparison.Ordinal),
        "optional/format/email" => text.Contains('"') || text.Contains('['),
        _ => false,
    };

    /// <summary>The suite leaves out what a whole file is of.</summary>
    private static JsonElement WithDialect(JsonElement schema, string dialect)
    {
        if (schema.ValueKind != JsonValueKind.Object || schema.TryGetProperty("$schema", out _))
        {
            return schema;
        }

        var copy = JsonNode.Parse(schema.GetRawText())!.AsObject();
        copy.Insert(0, "$schema", dialect);
        return JsonDocument.Parse(copy.ToJsonString()).RootElement;
    }

    private static IEnumerable<JsonElement> Groups(string draft)
    {
        using var stream = File.OpenRead(Golden.Path("jsonschema-suite", $"{draft}.jsonl.gz"));
        using var reader = new StreamReader(new GZipStream(stream, CompressionMode.Decompress));
        while (reader.ReadLine() is { } line)
        {
            yield return JsonDocument.Parse(line).RootElement;
        }
    }
}
