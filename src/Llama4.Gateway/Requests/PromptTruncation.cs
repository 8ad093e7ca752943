using Llama4.Contracts;

namespace Llama4.Gateway.Requests;

/// <summary>The fields truncate_prompt_tokens and truncation_side: a prompt that is too long loses its beginning, or its end.</summary>
internal static class PromptTruncation
{
    /// <summary>How many tokens are kept; -1 for as many as the context holds beside the answer, null for all.</summary>
    public static int? ReadTokensKept(RequestFields fields) => fields.Int("truncate_prompt_tokens", -1, int.MaxValue) switch
    {
        0 => throw ApiError.Invalid("'truncate_prompt_tokens' must be at least 1, or -1, but is 0.", "truncate_prompt_tokens"),
        var kept => kept,
    };

    /// <summary>left or right: where tokens are dropped.</summary>
    public static string ReadSide(RequestFields fields) => fields.Text("truncation_side") switch
    {
        null => "left",
        var side and ("left" or "right") => side,
        _ => throw ApiError.Invalid("'truncation_side' must be left or right.", "truncation_side"),
    };

    /// <param name="prompt">Token ids.</param>
    /// <param name="answerTokensDefault">Most tokens of an answer where the request gives none; null for what the context leaves.</param>
    /// <returns>The last tokens of the prompt, or the first, as many as may be kept.</returns>
    public static int[] Apply(int[] prompt, GenerationFields fields, int contextTokensMax, int? answerTokensDefault)
    {
        if (fields.PromptTokensKept is not { } asked)
        {
            return prompt;
        }

        var kept = asked == -1 ? contextTokensMax - (fields.TokensMax ?? answerTokensDefault ?? 1) : asked;
        return kept < 1 || kept >= prompt.Length ? prompt : fields.KeepsPromptStart ? prompt[..kept] : prompt[^kept..];
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
