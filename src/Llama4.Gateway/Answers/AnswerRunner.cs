using System.Reflection;
using System.Security.Cryptography;
using System.Text;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Answers;

/// <summary>Submits a checked request to the cluster and sends its answer, streamed or whole. However it ends, its generations are disposed.</summary>
internal sealed class AnswerRunner(GatewayOptions options, AnswerStart start, RequestGate gate)
{
    private readonly string _fingerprint = Fingerprint(options);

    public Task RunAsync(HttpContext http, RequestLog log, AnswerRequest request) => RunAsync(http, log, request, new CompletionOutput(request));

    /// <param name="output">The form of the answer.</param>
    public async Task RunAsync(HttpContext http, RequestLog log, AnswerRequest request, IAnswerOutput output)
    {
        var limits = options.Limits;
        var head = NewHead(request, output);
        log.Id = head.Id;
        log.Model = request.Fields.Model;
        log.Span?.Ask(request, head.Id);
        using var silence = new CancellationTokenSource(limits.SilenceLimit, options.Clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(http.RequestAborted, gate.Ended, silence.Token);
        var choices = new List<Choice>();
        try
        {
            await start.SubmitAllAsync(request, log.Caller, choices, ended.Token, log.Times);
            Task Loop(IAnswerSink sink) => AnswerLoop.RunAsync(choices, sink, silence, limits.SilenceLimit);
            await (request.Fields.Stream
                ? StreamAsync(http, log, output, head, choices, Loop)
                : SendWholeAsync(http, output, head, choices, Loop));
            log.Finish = log.Finish == "-" ? choices[0].FinishName! : log.Finish;
        }
        catch (OperationCanceledException) when (!http.RequestAborted.IsCancellationRequested && ended.IsCancellationRequested)
        {
            throw WhyEnded();
        }
        finally
        {
            log.Usage = Usage.Of(choices);
            log.Span?.Answered(choices);
            await ended.CancelAsync();
            await Task.WhenAll(choices.Select(choice => choice.DisposeAsync().AsTask())); // all, even if one fails
        }
    }

    private async Task StreamAsync(
        HttpContext http, RequestLog log, IAnswerOutput output, AnswerHead head, List<Choice> choices, Func<IAnswerSink, Task> loop)
    {
        using var writer = output.OpenStream(http, head, options.Limits.StalledReaderLimit);
        writer.Start(choices);
        try
        {
            await loop(writer);
            writer.End(choices);
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
        HttpContext http, IAnswerOutput output, AnswerHead head, List<Choice> choices, Func<IAnswerSink, Task> loop)
    {
        var answer = output.OpenWhole(head, choices.Count);
        await loop(answer);
        await answer.SendAsync(http.Response, choices, http.RequestAborted);
    }

    /// <summary>Why the answer was ended by the gateway, the client being there still.</summary>
    private ApiError WhyEnded() => gate.Ended.IsCancellationRequested
        ? ApiError.ShuttingDown(options.Limits.RetryAfterSeconds)
        : ApiError.Failed($"The cluster gave nothing for {options.Limits.SilenceLimit.TotalSeconds} s.");

    private AnswerHead NewHead(AnswerRequest request, IAnswerOutput output) => new(
        $"{output.IdPrefix}{options.NewId():N}",
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
