using Llama4.Contracts;

namespace Llama4.Gateway.Requests;

/// <summary>The field truncate_prompt_tokens: a prompt that is too long loses its beginning.</summary>
internal static class PromptTruncation
{
    /// <param name="prompt">Token ids.</param>
    /// <param name="answerTokensDefault">Most tokens of an answer where the request gives none; null for what the context leaves.</param>
    /// <returns>The last tokens of the prompt, as many as may be kept.</returns>
    public static int[] Apply(int[] prompt, GenerationFields fields, int contextTokensMax, int? answerTokensDefault)
    {
        if (fields.PromptTokensKept is not { } asked)
        {
            return prompt;
        }

        var kept = asked == -1 ? contextTokensMax - (fields.TokensMax ?? answerTokensDefault ?? 1) : asked;
        return kept < 1 || kept >= prompt.Length ? prompt : prompt[^kept..];
    }

    /// <exception cref="ApiError">A prompt with pictures is to be cut: their rows would lose their places.</exception>
    public static void CheckPictures(GenerationFields fields, IReadOnlyCollection<RequestImage> images)
    {
        if (fields.PromptTokensKept is not null && images.Count > 0)
        {
            throw ApiError.NotSupported("'truncate_prompt_tokens' is not supported for a dialog with pictures.", "truncate_prompt_tokens");
        }
    }
}
