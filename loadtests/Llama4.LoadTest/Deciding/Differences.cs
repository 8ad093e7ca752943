using System.Text.Json;
using System.Text.Json.Nodes;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Deciding;

/// <summary>What two runs were asked differently: their figures then say as much of that as of the servers.</summary>
internal static class Differences
{
    /// <summary>Longer values, like the parts of a scenario, are told by their keys alone.</summary>
    private const int ValueCharsMax = 80;

    public static IReadOnlyList<string> Of(LoadResult first, LoadResult second)
    {
        var differ = new List<string>();
        if (first.Verb != second.Verb)
        {
            differ.Add($"verb: {first.Verb} and {second.Verb}");
        }

        foreach (var run in new[] { ("A", first), ("B", second) }.Where(run => run.Item2.Interrupted))
        {
            differ.Add($"{run.Item1} was interrupted");
        }

        Add(differ, "", JsonSerializer.SerializeToNode(first.Scenario, JsonFiles.Line), JsonSerializer.SerializeToNode(second.Scenario, JsonFiles.Line));
        return differ;
    }

    private static void Add(List<string> differ, string path, JsonNode? first, JsonNode? second)
    {
        if (JsonNode.DeepEquals(first, second))
        {
            return;
        }

        if (first is JsonObject one && second is JsonObject other)
        {
            foreach (var key in one.Select(field => field.Key).Union(other.Select(field => field.Key)).Where(key => key is not ("name" or "about")))
            {
                Add(differ, path.Length == 0 ? key : $"{path}.{key}", one[key], other[key]);
            }

            return;
        }

        var (a, b) = (first?.ToJsonString(JsonFiles.Line) ?? "none", second?.ToJsonString(JsonFiles.Line) ?? "none");
        differ.Add(a.Length + b.Length > ValueCharsMax ? path : $"{path}: {a} and {b}");
    }
}
