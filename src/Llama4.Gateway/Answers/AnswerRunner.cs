using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Llama4.Contracts;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Answers;

/// <summary>A checked request: what to generate, and in which form to answer.</summary>
/// <param name="Fields">What chat and text completions share.</param>
/// <param name="Prompts">Token ids; each gets <see cref="GenerationFields.Choices"/> answers.</param>
/// <param name="PromptParam">The field they came from, for errors.</param>
/// <param name="TokensMaxDefault">Most tokens of an answer where the request gives none; null for what the context leaves.</param>
/// <param name="TopLogprobs">Null for no logprobs.</param>
/// <param name="Format">Chat or text.</param>
internal sealed record AnswerRequest(
    GenerationFields Fields, IReadOnlyList<int[]> Prompts, string PromptParam, int? TokensMaxDefault, int? TopLogprobs, IAnswerFormat Format)
{
    /// <summary>What the answer may call.</summary>
    public ToolFields Tools { get; init; } = ToolFields.None;

    /// <summary>Pictures in the one prompt.</summary>
    public RequestImage[] Images { get; init; } = [];
}

/// <summary>Submits a checked request to the cluster and sends its answer, streamed or whole. However it ends, its generations are disposed.</summary>
internal sealed class AnswerRunner(GatewayOptions options, IGenerationClient client, RequestGate gate)
{
    private readonly string _fingerprint = Fingerprint(options);

    public async Task RunAsync(HttpContext http, RequestLog log, AnswerRequest request)
    {
        var limits = options.Limits;
        var head = NewHead(request);
        log.Id = head.Id;
        using var silence = new CancellationTokenSource(limits.SilenceLimit, options.Clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, gate.Ended, silence.Token);
        var choices = new List<Choice>();
        try
        {
            await SubmitAllAsync(request, log.Caller, choices, ended.Token);
            Task Loop(IAnswerSink sink) => AnswerLoop.RunAsync(choices, sink, silence, limits.SilenceLimit);
            await (request.Fields.Stream
                ? StreamAsync(http, log, request, head, choices, Loop)
                : SendWholeAsync(http, request, head, choices, Loop));
            log.Finish = log.Finish == "-" ? choices[0].FinishName! : log.Finish;
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested && ended.IsCancellationRequested)
        {
            throw WhyEnded();
        }
        finally
        {
            log.Usage = Usage.Of(choices);
            await ended.CancelAsync();
            await Task.WhenAll(choices.Select(choice => choice.DisposeAsync().AsTask())); // all, even if one fails
        }
    }

    private async Task StreamAsync(
        HttpContext http, RequestLog log, AnswerRequest request, AnswerHead head, List<Choice> choices, Func<IAnswerSink, Task> loop)
    {
        var includeUsage = request.Fields.IncludeUsage;
        using var writer = new SseWriter(http, request.Format, head, request.TopLogprobs is not null, includeUsage, options.Limits.StalledReaderLimit);
        writer.Start(choices.Count);
        try
        {
            await loop(writer);
            if (includeUsage)
            {
                writer.WriteUsage(Usage.Of(choices));
            }

            writer.WriteDone();
        }
        catch (Exception error) when (error is not StalledReaderException && !http.RequestAborted.IsCancellationRequested)
        {
            var told = error switch
            {
                ApiError mistake => mistake,
                OperationCanceledException => WhyEnded(),
                _ => ApiError.Failed("The gateway failed; its log says why."),
            };
            log.Finish = told.Code!;
            log.Failure = error is ApiError or OperationCanceledException ? null : error;
            writer.WriteError(told);
        }

        await writer.FlushAsync();
    }

    private static async Task SendWholeAsync(
        HttpContext http, AnswerRequest request, AnswerHead head, List<Choice> choices, Func<IAnswerSink, Task> loop)
    {
        var answer = new WholeAnswer(request.Format, choices.Count, request.TopLogprobs is not null);
        await loop(answer);
        await answer.SendAsync(http.Response, head, choices, http.RequestAborted);
    }

    private async Task SubmitAllAsync(AnswerRequest request, string caller, List<Choice> choices, CancellationToken cancellation)
    {
        var fields = request.Fields;
        var seed = fields.Seed ?? BitConverter.ToUInt64(options.NewId().ToByteArray());
        var tokensMax = request.Prompts.Select(prompt => TokensMaxOf(request, prompt.Length)).ToArray(); // all fit, or nothing is submitted
        for (var p = 0; p < request.Prompts.Count; p++)
        {
            for (var n = 0; n < fields.Choices; n++)
            {
                var prompt = request.Prompts[p];
                var generation = await SubmitAsync(
                    new GenerateRequest
                    {
                        Id = options.NewId(),
                        Prompt = prompt,
                        TokensMax = tokensMax[p],
                        Sampling = fields.Sampling,
                        StopIds = fields.StopIds,
                        Seed = seed,
                        Choice = n, // of its prompt: prompts sent together draw as they would alone
                        TopLogprobs = request.TopLogprobs,
                        Caller = caller,
                        Images = request.Images,
                    },
                    request,
                    cancellation);
                var calls = request.Tools.AreCallable ? new AnswerCalls(request.Tools, options.NewId) : null;
                var text = new AnswerText(options.Tokenizer, fields.Stops, fields.StopIds, request.TopLogprobs is not null, calls);
                choices.Add(new Choice(choices.Count, prompt.Length, isFirstOfPrompt: n == 0, generation, text, cancellation));
            }
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

        return generation ?? throw (result.Status switch
        {
            SubmitStatus.QueueFull => ApiError.TooMany(result.Message, result.RetryAfterSeconds),
            SubmitStatus.ContextLengthExceeded => ApiError.Invalid(result.Message, request.PromptParam, "context_length_exceeded"),
            SubmitStatus.Unavailable => ApiError.Unavailable(result.Message, result.RetryAfterSeconds),
            _ => new InvalidOperationException($"The cluster accepted {generate.Id} but gave no generation."),
        });
    }

    private int TokensMaxOf(AnswerRequest request, int promptTokens)
    {
        var room = options.ContextTokensMax - promptTokens;
        if (room < 1)
        {
            throw ApiError.ContextLength(options.ContextTokensMax, promptTokens, request.Fields.TokensMax, request.PromptParam);
        }

        return request.Fields.TokensMax is { } asked
            ? asked <= room ? asked : throw ApiError.ContextLength(options.ContextTokensMax, promptTokens, asked, request.PromptParam)
            : Math.Min(room, request.TokensMaxDefault ?? room);
    }

    /// <summary>Why the answer was ended by the gateway, the client being there still.</summary>
    private ApiError WhyEnded() => gate.Ended.IsCancellationRequested
        ? ApiError.ShuttingDown(options.Limits.RetryAfterSeconds)
        : ApiError.Failed($"The cluster gave nothing for {options.Limits.SilenceLimit.TotalSeconds} s.");

    private AnswerHead NewHead(AnswerRequest request) => new(
        $"{request.Format.IdPrefix}{options.NewId():N}",
        options.Clock.GetUtcNow().ToUnixTimeSeconds(),
        request.Fields.Model,
        _fingerprint);

    private static string Fingerprint(GatewayOptions options)
    {
        var build = typeof(AnswerRunner).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion;
        var text = $"{build} {options.ModelIds[0]} {options.VocabularySize} {options.ContextTokensMax}";
        return "fp_" + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)).AsSpan(0, 5));
    }
}
