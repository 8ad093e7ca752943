using System.IO.Compression;
using System.Text.Json;

namespace Llama4.Server.Tests;

/// <summary>Golden files of JSON lines, packed or not, as the verbs read and write them.</summary>
internal static class GoldenLines
{
    public static List<JsonElement> Read(params string[] path)
    {
        var file = Golden.Path(path);
        using var stream = File.OpenRead(file);
        using var reader = new StreamReader(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(Llama4Run.Parse).ToList();
        lines.ShouldNotBeEmpty();
        return lines;
    }

    /// <summary>The values as a verb's input.</summary>
    public static string Input(IEnumerable<object> values) => string.Concat(values.Select(value => JsonSerializer.Serialize(value) + "\n"));

    /// <summary>The ids under <paramref name="name"/>.</summary>
    public static int[] Numbers(this JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];

    /// <summary>The strings under <paramref name="name"/>.</summary>
    public static string[] Strings(this JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray().Select(text => text.GetString()!)];

    /// <summary>The string under <paramref name="name"/>, or nothing.</summary>
    public static string? TextOrNull(this JsonElement line, string name) => line.TryGetProperty(name, out var value) ? value.GetString() : null;
}
