using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Answers;

/// <summary>How much the answers to a request may be.</summary>
internal sealed class AnswerBounds(GatewayOptions options)
{
    /// <summary>Most tokens of each answer, by prompt.</summary>
    /// <exception cref="ApiError">One does not fit the context, or there would be too many log-probabilities.</exception>
    public int[] TokensMaxOf(AnswerRequest request)
    {
        CheckPromptLogprobs(request);
        return [.. request.Prompts.Select(prompt => TokensMaxOf(request, prompt.Length))];
    }

    /// <summary>What the answers may use; those whose length the request leaves open at an estimate.</summary>
    public long AnswerTokensOf(AnswerRequest request, int[] tokensMax) =>
        tokensMax.Sum(answer => (long)request.Fields.Choices * (request.Fields.TokensMax is null ? Math.Min(answer, options.Limits.AnswerTokensEstimate) : answer));

    private int TokensMaxOf(AnswerRequest request, int promptTokens)
    {
        var room = options.ContextTokensMax - promptTokens;
        if (room < Math.Min(1, request.Fields.TokensMax ?? 1))
        {
            throw ApiError.ContextLength(options.ContextTokensMax, promptTokens, request.Fields.TokensMax, request.PromptParam);
        }

        var most = request.Fields.TokensMax is { } asked
            ? asked <= room ? asked : throw ApiError.ContextLength(options.ContextTokensMax, promptTokens, asked, request.PromptParam)
            : Math.Min(room, request.TokensMaxDefault ?? room);
        return request.Fields.TokensMin <= most
            ? most
            : throw ApiError.Invalid($"'min_tokens' must be at most the {most} tokens that the answer may have, but is {request.Fields.TokensMin}.", "min_tokens");
    }

    private void CheckPromptLogprobs(AnswerRequest request)
    {
        var asked = request.PromptLogprobs is { } top ? request.Prompts.Sum(prompt => (long)prompt.Length) * request.Fields.Choices * (1 + top) : 0;
        if (asked > options.Limits.PromptLogprobsMax)
        {
            throw ApiError.Invalid(
                $"An answer may have {options.Limits.PromptLogprobsMax} log-probabilities of prompts, but {asked} were asked for.",
                request.Fields.PromptLogprobs is null ? "logprobs" : "prompt_logprobs");
        }
    }
}
