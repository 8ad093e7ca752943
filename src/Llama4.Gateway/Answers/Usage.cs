using System.Text.Json;

namespace Llama4.Gateway.Answers;

/// <summary>Tokens of one request, over all its choices.</summary>
internal readonly record struct Usage(int PromptTokens, int CachedTokens, int GeneratedTokens)
{
    public static Usage Of(IReadOnlyList<Choice> choices)
    {
        var usage = default(Usage);
        foreach (var choice in choices)
        {
            usage = new Usage(
                usage.PromptTokens + (choice.IsFirstOfPrompt ? choice.PromptTokens : 0),
                usage.CachedTokens + (choice.IsFirstOfPrompt ? choice.CachedTokens : 0),
                usage.GeneratedTokens + choice.GeneratedTokens);
        }

        return usage;
    }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("prompt_tokens", PromptTokens);
        json.WriteNumber("completion_tokens", GeneratedTokens);
        json.WriteNumber("total_tokens", PromptTokens + GeneratedTokens);
        json.WriteStartObject("prompt_tokens_details");
        json.WriteNumber("cached_tokens", CachedTokens);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
