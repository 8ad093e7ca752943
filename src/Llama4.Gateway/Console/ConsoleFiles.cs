using System.Collections.Frozen;
using System.Security.Cryptography;

namespace Llama4.Gateway.Console;

/// <summary>The console's files, embedded in this assembly: by name, each with its type and a tag of its bytes.</summary>
internal static class ConsoleFiles
{
    /// <summary>The page itself.</summary>
    public const string Page = "index.html";

    private const string Prefix = "console/";

    private static readonly FrozenDictionary<string, ConsoleFile> Files = Load();

    public static IEnumerable<string> Names => Files.Keys;

    /// <summary>The file of that name, such as "main.js"; null where there is none.</summary>
    public static ConsoleFile? Find(string name) => Files.GetValueOrDefault(name);

    private static FrozenDictionary<string, ConsoleFile> Load()
    {
        var assembly = typeof(ConsoleFiles).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(resource => resource.StartsWith(Prefix, StringComparison.Ordinal))
            .ToFrozenDictionary(resource => resource[Prefix.Length..], resource =>
            {
                using var stream = assembly.GetManifestResourceStream(resource)!;
                var bytes = new byte[stream.Length];
                stream.ReadExactly(bytes);
                return new ConsoleFile(bytes, TypeOf(resource), $"\"{Convert.ToHexStringLower(SHA256.HashData(bytes))[..16]}\"");
            });
    }

    private static string TypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"the console's file {name} ends in {other}, which has no content type here"),
    };
}

/// <param name="Tag">An ETag, quotes included.</param>
internal sealed record ConsoleFile(byte[] Bytes, string ContentType, string Tag);
