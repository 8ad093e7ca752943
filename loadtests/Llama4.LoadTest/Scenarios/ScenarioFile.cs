using System.Text.Json;
using System.Text.Json.Nodes;

namespace Llama4.LoadTest.Scenarios;

/// <summary>Reads scenarios: YAML, or JSON where the name ends in <c>.json</c>; an unknown key, a missing one or a value that cannot be is one error.</summary>
internal static class ScenarioFile
{
    /// <summary>Far beyond any scenario.</summary>
    private const long BytesMax = 1 << 20;

    /// <exception cref="LoadTestException">It cannot be read or says something that cannot be.</exception>
    public static Scenario Load(string path)
    {
        try
        {
            if (new FileInfo(path) is { Exists: true, Length: > BytesMax } file)
            {
                throw new LoadTestException($"{path}: expected at most {BytesMax:N0} bytes, found {file.Length:N0}");
            }

            return Parse(path, File.ReadAllText(path));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LoadTestException($"{path}: expected a readable file, found: {error.Message}");
        }
    }

    /// <param name="path">Says which of the two formats it is, and where the files beside it are.</param>
    public static Scenario Parse(string path, string text)
    {
        var node = path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) ? ParseJson(path, text) : YamlNodes.Parse(path, text);
        Scenario scenario;
        try
        {
            scenario = (node as JsonObject ?? throw new JsonException("expected keys with values")).Deserialize<Scenario>(JsonFiles.Strict)!;
        }
        catch (Exception error) when (error is JsonException or NotSupportedException)
        {
            throw new LoadTestException($"{path}: {Explain(error)}");
        }

        if (ScenarioRules.Mistake(scenario) is { } mistake)
        {
            throw new LoadTestException($"{path}: {mistake}");
        }

        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        return scenario with
        {
            Arrivals = scenario.Arrivals with { File = scenario.Arrivals.File is { } file ? Path.Combine(folder, file) : null },
            Parts = [.. scenario.Parts.Select(part => part.Prepare(folder))],
        };
    }

    private static JsonNode? ParseJson(string path, string text)
    {
        try
        {
            return JsonNode.Parse(text, null, new JsonDocumentOptions { AllowDuplicateProperties = false, CommentHandling = JsonCommentHandling.Skip, AllowTrailingCommas = true });
        }
        catch (JsonException error)
        {
            throw new LoadTestException($"{path}:{error.LineNumber + 1}: expected JSON, found: {error.Message}");
        }
    }

    private static string Explain(Exception error)
    {
        var message = error.Message.Split(" | LineNumber")[0].Split(" Path: ")[0].TrimEnd('.');
        var place = (error as JsonException)?.Path is { Length: > 1 } path ? path[2..] + ": " : "";
        return message switch
        {
            _ when message.Contains("could not be mapped to any .NET member", StringComparison.Ordinal) => $"{place}not a key that is known here",
            _ when message.Contains("missing required properties", StringComparison.Ordinal) => $"{place}expected the keys {message[(message.LastIndexOf(':') + 1)..].Trim()}, found none",
            _ when message.Contains("type discriminator", StringComparison.Ordinal) || message.Contains("must specify a type", StringComparison.Ordinal) => $"{place}kind: expected one of {Part.Kinds}, found: {message}",
            _ => place + message,
        };
    }
}
