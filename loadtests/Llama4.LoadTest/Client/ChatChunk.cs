using System.Text.Json;

namespace Llama4.LoadTest.Client;

/// <summary>What one event of a streamed answer says, in the fields that OpenAI-compatible servers share.</summary>
/// <param name="Text">Of the answer; null if the event brings none.</param>
/// <param name="HasTokens">It brings tokens: text, reasoning, a refusal or a piece of a call.</param>
/// <param name="Error">The server gave up.</param>
internal sealed record ChatChunk(string? Text, bool HasTokens, string? Finish, TokenUsage? Usage, string? Error)
{
    private static readonly string[] Tokens = ["content", "reasoning_content", "reasoning", "refusal", "tool_calls"];

    /// <exception cref="InvalidDataException">It is no JSON object.</exception>
    public static ChatChunk Parse(ReadOnlyMemory<byte> data)
    {
        try
        {
            using var document = JsonDocument.Parse(data);
            return Read(document.RootElement);
        }
        catch (Exception error) when (error is JsonException or InvalidOperationException or FormatException) // no JSON, other types than expected, numbers out of range
        {
            throw new InvalidDataException($"expected a chunk, found {Limited(System.Text.Encoding.UTF8.GetString(data.Span))}", error);
        }
    }

    /// <summary>The message of an error's body, whatever the server's shape for it.</summary>
    public static string ErrorText(JsonElement error) => Limited(
        error.ValueKind == JsonValueKind.Object && error.TryGetProperty("message", out var message) && message.ValueKind == JsonValueKind.String ? message.GetString()! : error.GetRawText());

    public static string Limited(string text) => text.Length <= 200 ? text : text[..200] + "...";

    private static ChatChunk Read(JsonElement root)
    {
        if (root.TryGetProperty("error", out var error) && error.ValueKind != JsonValueKind.Null)
        {
            return new ChatChunk(null, false, null, null, ErrorText(error));
        }

        var usage = root.TryGetProperty("usage", out var counted) && counted.ValueKind == JsonValueKind.Object ? TokenUsage.Read(counted) : null;
        if (!root.TryGetProperty("choices", out var choices) || choices.GetArrayLength() == 0)
        {
            return new ChatChunk(null, false, null, usage, null); // usage only
        }

        var choice = choices[0];
        var finish = choice.TryGetProperty("finish_reason", out var reason) && reason.ValueKind == JsonValueKind.String ? reason.GetString() : null;
        if (!choice.TryGetProperty("delta", out var delta) || delta.ValueKind != JsonValueKind.Object)
        {
            return new ChatChunk(null, false, finish, usage, null);
        }

        var text = delta.TryGetProperty("content", out var content) && content.ValueKind == JsonValueKind.String ? content.GetString() : null;
        return new ChatChunk(text, Array.Exists(Tokens, name => delta.TryGetProperty(name, out var value) && BringsTokens(value)), finish, usage, null);
    }

    private static bool BringsTokens(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => value.GetString()!.Length > 0,
        JsonValueKind.Array => value.GetArrayLength() > 0,
        _ => false,
    };
}

/// <summary>Tokens as the server counts them.</summary>
/// <param name="Cached">Of the prompt, those it had computed before; null if it does not say.</param>
internal sealed record TokenUsage(int Prompt, int Completion, int? Cached)
{
    public static TokenUsage Read(JsonElement usage) => new(
        Number(usage, "prompt_tokens") ?? 0,
        Number(usage, "completion_tokens") ?? 0,
        usage.TryGetProperty("prompt_tokens_details", out var details) && details.ValueKind == JsonValueKind.Object ? Number(details, "cached_tokens") : null);

    private static int? Number(JsonElement fields, string name) =>
        fields.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.Number ? value.GetInt32() : null;
}
