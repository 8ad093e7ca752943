using System.IO.Compression;
using System.Security.Cryptography;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Llama4.Images.Tests;

/// <summary>The golden pictures and what the reference makes of them: tests/golden/image/README.md says what each field is.</summary>
internal static class GoldenImages
{
    private static readonly JsonSerializerOptions Options = new() { PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public static List<PictureCase> Pictures => Read<PictureCase>("pixels.jsonl.gz");

    public static List<T> Read<T>(params string[] path) => ReadLines<T>(Golden.Path(["image", .. path]));

    public static List<T> ReadLines<T>(string file)
    {
        using var stream = File.OpenRead(file);
        using var reader = new StreamReader(file.EndsWith(".gz", StringComparison.Ordinal) ? new GZipStream(stream, CompressionMode.Decompress) : stream);
        var lines = reader.ReadToEnd().Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonSerializer.Deserialize<T>(line, Options)!).ToList();
        lines.ShouldNotBeEmpty();
        return lines;
    }

    public static byte[] Bytes(string name) => File.ReadAllBytes(Golden.Path("image", name));

    public static string Sha256(ReadOnlySpan<byte> bytes) => Convert.ToHexStringLower(SHA256.HashData(bytes));
}

/// <summary>A line of pixels.jsonl.</summary>
internal sealed record PictureCase(
    string File,
    int Width,
    int Height,
    int Tile,
    int MaxPatches,
    int[] Grid,
    int[] Resized,
    int Tiles,
    bool Lossy,
    [property: JsonPropertyName("rgb_sha256")] string RgbSha256,
    [property: JsonPropertyName("levels_sha256")] string LevelsSha256,
    string Store,
    int SampleStep,
    double[][] Mean,
    double[][] Std)
{
    public TileSettings Settings => new(Tile, MaxPatches);
}

/// <summary>A line of bad/expected.jsonl.</summary>
internal sealed record BadCase(string File, string What, string Expect, int? Width, int? Height, [property: JsonPropertyName("rgb_sha256")] string? RgbSha256);

/// <summary>A line of bad/urls.jsonl.</summary>
internal sealed record UrlCase(
    int Id, JsonElement Url, string What, string Expect, int? Width, int? Height, [property: JsonPropertyName("rgb_sha256")] string? RgbSha256);
