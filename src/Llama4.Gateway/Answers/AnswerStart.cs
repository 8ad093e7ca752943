using Llama4.Contracts;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Live;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Telemetry.Spans;

namespace Llama4.Gateway.Answers;

/// <summary>From a checked request to its answers in progress: one generation of the cluster for each.</summary>
internal sealed class AnswerStart(GatewayOptions options, IGenerationClient client, ContentLog content, TracedAnswers traced, TokenNames names)
{
    private readonly AnswerBounds _bounds = new(options);

    /// <summary>Submits all answers of a request.</summary>
    /// <param name="caller">For the fair queue; the tokens are taken of its limit.</param>
    /// <param name="choices">Gets each answer as soon as the cluster has accepted it: the caller disposes them, however this ends.</param>
    /// <param name="times">Told of each token; null where nobody asks.</param>
    /// <exception cref="ApiError">The cluster does not take one of them, it does not fit the context, or the caller has no tokens left.</exception>
    public async Task SubmitAllAsync(AnswerRequest request, Caller caller, List<Choice> choices, CancellationToken cancellation, AnswerTimes? times = null)
    {
        var fields = request.Fields;
        var seed = fields.Seed ?? BitConverter.ToUInt64(options.NewId().ToByteArray());
        if (fields.Trace)
        {
            traced.Check(request.Prompts.Count * fields.Choices);
        }

        // An answer that must look like something ends where that does, whatever ignore_eos says: there it needs an id to end with.
        var stopIds = request.Constraint is null ? fields.StopIds : [.. fields.StopIds.Union(options.StopIds)];
        var tokensMax = _bounds.TokensMaxOf(request); // all fit, or nothing is submitted
        caller.Reserve(request.Prompts.Sum(prompt => (long)prompt.Length), _bounds.AnswerTokensOf(request, tokensMax), request.PromptParam); // each prompt once, as usage counts it
        var span = RequestSpan.Current;
        for (var p = 0; p < request.Prompts.Count; p++)
        {
            var shared = new SharedPrompt(request.Prompts[p].Length);
            for (var n = 0; n < fields.Choices; n++)
            {
                var prompt = request.Prompts[p];
                var place = fields.Trace ? traced.Enter() : null;
                var generation = await SubmitAsync(
                    new GenerateRequest
                    {
                        Id = options.NewId(),
                        Prompt = prompt,
                        TokensMax = tokensMax[p],
                        Sampling = fields.Sampling,
                        StopIds = stopIds,
                        Seed = seed,
                        Choice = n, // of its prompt: prompts sent together draw as they would alone
                        TopLogprobs = request.TopLogprobs,
                        Caller = caller.Name,
                        Images = request.Images,
                        Constraint = request.Constraint,
                        Trace = fields.Trace,
                        Span = span,
                        TokensMin = fields.TokensMin,
                        CacheSalt = fields.CacheSalt,
                        PromptLogprobs = n == 0 ? request.PromptLogprobs : null,
                    },
                    request,
                    place,
                    cancellation);
                var report = request.PromptLogprobs is null ? null : new PromptReport(prompt);
                var opening = request.Openings?[p];
                var calls = request.Tools.AreCallable ? new AnswerCalls(request.Tools, request.Constraint?.Kind == ConstraintKind.Calls, options.NewId) : null;
                var text = new AnswerText(
                    options.Tokenizer,
                    fields.Stops,
                    stopIds,
                    request.TopLogprobs is not null,
                    calls,
                    fields.KeepsStops,
                    fields.ShowsSpecials,
                    opening?.Text ?? "",
                    fields.TokensMin,
                    opening?.Offsets is { } offsets ? new EchoedTokens(report!, offsets, request.TopLogprobs!.Value) : null);
                var told = report is null ? generation : n == 0 ? shared.First(generation) : shared.Other(generation);
                choices.Add(new Choice(choices.Count, prompt.Length, isFirstOfPrompt: n == 0, told, text, names, cancellation)
                {
                    Prompt = report,
                    Traced = place,
                    Times = times,
                    PromptIds = fields.ReturnsIds ? prompt : null,
                    PromptText = n == 0 ? request.PromptText : null,
                });
            }
        }
    }

    /// <param name="place">Given back if there is no generation.</param>
    private async Task<IGeneration> SubmitAsync(GenerateRequest generate, AnswerRequest request, IDisposable? place, CancellationToken cancellation)
    {
        try
        {
            return await SubmitAsync(generate, request, cancellation);
        }
        catch
        {
            place?.Dispose();
            throw;
        }
    }

    private async Task<IGeneration> SubmitAsync(GenerateRequest generate, AnswerRequest request, CancellationToken cancellation)
    {
        var (result, generation) = await client.SubmitAsync(generate, cancellation);
        var room = result.TokensMax - generate.Prompt.Length;
        if (result.Status == SubmitStatus.ContextLengthExceeded && request.Fields.TokensMax is null && room > 0 && room < generate.TokensMax)
        {
            // The request left the length open, and the cluster holds less than the context: the answer gets what there is.
            (result, generation) = await client.SubmitAsync(generate with { TokensMax = room }, cancellation);
        }

        return generation is not null ? content.Watch(generate, generation) : throw (result.Status switch
        {
            SubmitStatus.QueueFull => ApiError.TooMany(result.Message, result.RetryAfterSeconds),
            SubmitStatus.ContextLengthExceeded => ApiError.Invalid(result.Message, request.PromptParam, "context_length_exceeded"),
            SubmitStatus.Unavailable => ApiError.Unavailable(result.Message, result.RetryAfterSeconds),
            _ => new InvalidOperationException($"The cluster accepted {generate.Id} but gave no generation."),
        });
    }
}
