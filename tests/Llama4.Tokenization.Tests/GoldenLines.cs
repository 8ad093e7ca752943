using System.IO.Compression;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama4.Tokenization.Tests;

/// <summary>Reads golden files of JSON lines, packed or not.</summary>
internal static class GoldenLines
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static List<T> Read<T>(params string[] path)
    {
        var file = Golden.Path(path);
        using var stream = File.OpenRead(file);
        using var reader = new StreamReader(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        var lines = new List<T>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0)
            {
                lines.Add(JsonSerializer.Deserialize<T>(line, Options)!);
            }
        }

        lines.ShouldNotBeEmpty();
        return lines;
    }
}

/// <summary>A line of the encode files.</summary>
internal sealed record EncodeCase(
    string? Text,
    int[]? Ids,
    [property: JsonPropertyName("repeat")] JsonElement[]? Repeat,
    string? Prefix,
    string? Suffix,
    int Count,
    [property: JsonPropertyName("ids_sha256")] string? IdsSha256,
    int[]? Head,
    int[]? Tail)
{
    public string WholeText => Text
        ?? Prefix + string.Concat(Enumerable.Repeat(Repeat![0].GetString()!, Repeat[1].GetInt32())) + Suffix;
}
