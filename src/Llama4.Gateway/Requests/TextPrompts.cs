using System.Text.Json;

namespace Llama4.Gateway.Requests;

/// <summary>A prompt of a text completion.</summary>
/// <param name="Ids">At least one.</param>
/// <param name="Text">As it was written; null where it was written as ids.</param>
internal readonly record struct TextPrompt(int[] Ids, string? Text);

/// <summary>The field prompt of a text completion: text or token ids, one or several.</summary>
internal static class TextPrompts
{
    /// <param name="choices">Answers to each prompt.</param>
    /// <param name="bos">Whether begin_of_text comes in front of a text that lacks it.</param>
    /// <exception cref="ApiError">It is none of the forms, empty, or too many.</exception>
    public static List<TextPrompt> Read(JsonElement prompt, int choices, GatewayOptions options, bool bos)
    {
        if (prompt.ValueKind == JsonValueKind.String)
        {
            return [Encode(prompt, options, bos)];
        }

        if (prompt.ValueKind != JsonValueKind.Array || prompt.GetArrayLength() == 0)
        {
            throw Unexpected(prompt.ValueKind == JsonValueKind.Array ? "an empty array" : RequestFields.Name(prompt));
        }

        if (prompt[0].ValueKind == JsonValueKind.Number)
        {
            return [ReadIds(prompt, options)];
        }

        if ((long)prompt.GetArrayLength() * choices > options.Limits.ChoicesMax)
        {
            throw ApiError.Invalid(
                $"A request may have {options.Limits.ChoicesMax} answers, but {prompt.GetArrayLength()} prompts with n = {choices} have more.", "prompt");
        }

        return [.. prompt.EnumerateArray().Select(one => one.ValueKind switch
        {
            JsonValueKind.String => Encode(one, options, bos),
            JsonValueKind.Array when one.GetArrayLength() > 0 => ReadIds(one, options),
            _ => throw Unexpected($"an array with {(one.ValueKind == JsonValueKind.Array ? "an empty array" : RequestFields.Name(one))} in it"),
        })];
    }

    private static TextPrompt Encode(JsonElement prompt, GatewayOptions options, bool withBos)
    {
        var text = RequestFields.Text("prompt", prompt);
        var bos = options.Tokenizer.BosId;
        var ids = options.Tokenizer.Encode(text, specials: true, bos: withBos && bos is not null);
        return ids.Length == 0
            ? throw ApiError.Invalid("'prompt' must have at least one token.", "prompt")
            : new TextPrompt(withBos && ids.Length > 1 && ids[0] == bos && ids[1] == bos ? ids[1..] : ids, text);
    }

    private static TextPrompt ReadIds(JsonElement ids, GatewayOptions options) =>
        new([.. ids.EnumerateArray().Select(id => RequestFields.Int("prompt", id, 0, options.VocabularySize - 1))], Text: null);

    private static ApiError Unexpected(string found) =>
        ApiError.WrongType("prompt", "a string, an array of strings, an array of token ids or an array of such arrays, none empty", found);
}
