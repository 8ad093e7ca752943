using System.IO.Compression;
using System.Text.Json;

namespace Llama4.Structured.Tests;

/// <summary>Reads the golden files of structured output: packed JSON lines.</summary>
internal static class GoldenLines
{
    public static List<JsonElement> Read(string name)
    {
        using var stream = File.OpenRead(Golden.Path("structured", name));
        using var reader = new StreamReader(new GZipStream(stream, CompressionMode.Decompress));
        var lines = new List<JsonElement>();
        while (reader.ReadLine() is { } line)
        {
            lines.Add(JsonDocument.Parse(line, new JsonDocumentOptions { MaxDepth = 256 }).RootElement);
        }

        return lines;
    }
}
