using System.Text.Json;

namespace Llama4.Cluster.Tests;

/// <summary>The bundled model, and the continuations that the reference implementation (transformers, fp32) gives from it.</summary>
internal static class ScoutNano
{
    public const int Bos = 1952;
    public const int EndOfText = 1953;
    public const int EndOfMessage = 1959;
    public const int EndOfTurn = 1960;

    /// <summary>Tokens of its vocabulary.</summary>
    public const int Vocabulary = 2048;

    public static string Directory { get; } = Path.Combine(Golden.Checkout, "src", "Llama4.Server", "models", "scout-nano");

    /// <summary>Text continuations of eval/greedy.jsonl: at most 64 tokens, the stop token included.</summary>
    public static IReadOnlyList<Continuation> Continuations { get; } =
    [
        .. File.ReadLines(Path.Combine(Directory, "eval", "greedy.jsonl"))
            .Select(line => JsonDocument.Parse(line).RootElement)
            .Where(line => !line.TryGetProperty("images", out _))
            .Select(line => new Continuation(line.GetProperty("id").GetString()!, Ids(line, "prompt_ids"), Ids(line, "completion_ids"))),
    ];

    private static int[] Ids(JsonElement line, string name) => [.. line.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}

/// <param name="Completion">Greedy tokens after the prompt.</param>
internal sealed record Continuation(string Id, int[] Prompt, int[] Completion);
