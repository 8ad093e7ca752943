using System.Text.Json;
using Llama4.Contracts;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Telemetry.Spans;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Doors;

/// <summary>
/// One answer in progress for a client without HTTP: the same reading of the request and the same making of text as over HTTP, into numbered pieces that are kept until
/// the client has them. Never slows the cluster: it keeps at most the answer's own tokens. A client that does not poll for
/// <see cref="GatewayLimits.StalledReaderLimit"/> counts as gone.
/// </summary>
internal sealed partial class ChatDoorAnswer : IAnswerSink, IDisposable
{
    /// <summary>How long a poll waits for something.</summary>
    private static readonly TimeSpan HoldLimit = TimeSpan.FromMilliseconds(100);

    /// <summary>Pieces of one poll's answer: some 50 KB.</summary>
    private const int PiecesMax = 1024;

    private readonly ChatSubmission _submission;
    private readonly IServiceProvider _gateway;
    private readonly GatewayOptions _options;
    private readonly RequestGate _gate;
    private readonly ILogger<ChatDoor> _logger;
    private readonly ResumedGeneration _cluster;
    private readonly Lock _lock = new();
    private readonly Queue<ChatPiece> _pieces = new();
    private readonly TaskCompletionSource _read = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly TaskCompletionSource _ended = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly CancellationTokenSource _left;
    private readonly CancellationTokenSource _closing = new();
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private ChatError? _error;
    private bool _isFinished;
    private int _written;
    private int _last;

    public ChatDoorAnswer(ChatSubmission submission, IServiceProvider gateway)
    {
        (_submission, _gateway) = (submission, gateway);
        _options = gateway.GetRequiredService<GatewayOptions>();
        _gate = gateway.GetRequiredService<RequestGate>();
        _logger = gateway.GetRequiredService<ILogger<ChatDoor>>();
        _cluster = new ResumedGeneration(gateway.GetRequiredService<IGenerationClient>(), submission.Emitted);
        _left = new CancellationTokenSource(_options.Limits.StalledReaderLimit, _options.Clock);
    }

    /// <summary>Completes when it holds nothing of the cluster any more, and its client has the end or is gone.</summary>
    public Task Ended => _ended.Task;

    public bool IsFull => false;

    /// <summary>The client is gone, or has all.</summary>
    public void Leave() => Cancel(_left);

    /// <summary>The host can't wait any longer.</summary>
    public void End() => Cancel(_closing);

    public void Dispose()
    {
        _left.Dispose();
        _closing.Dispose();
    }

    /// <summary>Until the client has the end. Never throws.</summary>
    public async Task RunAsync()
    {
        var start = _options.Clock.GetTimestamp();
        var span = RequestSpan.Start("chat", _submission.Span);
        var usage = default(Usage);
        ApiError? refusal = null;
        try
        {
            usage = await AnswerAsync(span);
        }
        catch (ApiError error)
        {
            refusal = error;
        }
        catch (OperationCanceledException) when (_left.IsCancellationRequested)
        {
            refusal = new ApiError(499, "server_error", "The client is gone.", code: "client_gone"); // nobody is left to tell
        }
        catch (Exception error)
        {
            Failed(_logger, error, _submission.Answer);
            refusal = ApiError.Failed("The gateway failed; its log says why.");
        }

        Line(_logger, _submission.Answer, _submission.Caller, refusal?.Status ?? 200, usage.PromptTokens, usage.CachedTokens, usage.GeneratedTokens,
            refusal?.Code ?? "finished", (long)_options.Clock.GetElapsedTime(start).TotalMilliseconds);
        span?.End(refusal?.Status ?? 200, refusal is null ? null : refusal.Code ?? refusal.Type, isHttp: false);
        lock (_lock)
        {
            (_isFinished, _error) = (true, refusal is null ? null : ChatErrors.Of(refusal));
            _more.TrySetResult();
        }

        await WaitUntilReadAsync();
        _ended.TrySetResult();
    }

    public void Write(Choice choice, Piece piece)
    {
        var token = _cluster.NextToken();
        if (_written++ < _submission.Emitted.Length)
        {
            return; // the client has it
        }

        lock (_lock)
        {
            _pieces.Enqueue(new ChatPiece
            {
                Number = ++_last,
                Token = token,
                Text = piece.Text,
                Calls = [.. (piece.Calls ?? []).Select(call => new ChatCall(call.Id, call.Name, call.Arguments))],
                Finish = piece.Finish is null ? null : piece.FinishName,
                Usage = piece.Finish is null ? null : new ChatUsage(choice.PromptTokens, Math.Min(choice.CachedTokens, choice.PromptTokens), choice.GeneratedTokens),
            });
            _more.TrySetResult();
        }
    }

    public ValueTask FlushAsync() => ValueTask.CompletedTask;

    public async ValueTask<ChatAnswer> PollAsync(int acknowledged)
    {
        try
        {
            _left.CancelAfter(_options.Limits.StalledReaderLimit);
        }
        catch (ObjectDisposedException)
        {
            return ChatAnswer.Unknown; // it ended in this moment
        }

        var more = Acknowledge(acknowledged);
        if (!more.IsCompleted)
        {
            await ((Task)more.WaitAsync(HoldLimit, _options.Clock)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        lock (_lock)
        {
            ChatPiece[] pieces = [.. _pieces.Take(PiecesMax)];
            if (_error is null || pieces.Length < _pieces.Count)
            {
                return new ChatAnswer(ChatState.Serving, pieces);
            }

            _read.TrySetResult(); // heard once more by a client that asks again, as unknown: it goes on from the pieces it has
            return new ChatAnswer(ChatState.Serving, pieces, _error);
        }
    }

    /// <summary>Lets go of what the client has.</summary>
    /// <returns>Completes when there is something that it has not.</returns>
    private Task Acknowledge(int acknowledged)
    {
        lock (_lock)
        {
            while (_pieces.TryPeek(out var piece) && piece.Number <= acknowledged)
            {
                _pieces.Dequeue();
            }

            if (_pieces.Count == 0 && _isFinished && _error is null)
            {
                _read.TrySetResult();
            }

            if (_pieces.Count == 0 && !_isFinished && _more.Task.IsCompleted)
            {
                _more = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            }

            return _more.Task;
        }
    }

    private async Task<Usage> AnswerAsync(RequestSpan? span)
    {
        var limits = _options.Limits;
        using var silence = new CancellationTokenSource(limits.SilenceLimit, _options.Clock);
        using var ended = CancellationTokenSource.CreateLinkedTokenSource(_left.Token, _closing.Token, _gate.Ended, silence.Token);
        var choices = new List<Choice>();
        try
        {
            var request = await ReadAsync(ended.Token);
            span?.Ask(request, $"{_submission.Chat:N}");
            var ids = new CallIds(_submission.Chat);
            var start = ActivatorUtilities.CreateInstance<AnswerStart>(_gateway, _options with { NewId = ids.Next }, _cluster);
            await start.SubmitAllAsync(request, new Caller(_submission.Caller, meter: null), choices, ended.Token);
            await AnswerLoop.RunAsync(choices, this, silence, limits.SilenceLimit);
            return Usage.Of(choices);
        }
        catch (OperationCanceledException) when (!_left.IsCancellationRequested && ended.IsCancellationRequested)
        {
            throw silence.IsCancellationRequested
                ? ApiError.Failed($"The cluster gave nothing for {limits.SilenceLimit.TotalSeconds} s.")
                : ApiError.ShuttingDown(limits.RetryAfterSeconds);
        }
        finally
        {
            span?.Answered(choices);
            await ended.CancelAsync();
            await Task.WhenAll(choices.Select(choice => choice.DisposeAsync().AsTask()));
        }
    }

    private async Task<AnswerRequest> ReadAsync(CancellationToken cancellation)
    {
        var bytesMax = _gateway.GetRequiredService<BodyBudget>().BodyBytesMax;
        if (_submission.Body.Length > bytesMax)
        {
            throw ApiError.TooLarge(_submission.Body.Length, bytesMax);
        }

        if (_submission.Emitted.Length > _options.ContextTokensMax || _submission.Emitted.Any(id => id < 0 || id >= _options.VocabularySize))
        {
            throw ApiError.Invalid($"What was emitted must be at most {_options.ContextTokensMax} token ids below {_options.VocabularySize}.", null);
        }

        using var body = RequestBody.Parse(_submission.Body, _options.Limits.BodyBytesMax);
        var fields = new RequestFields(body.RootElement);
        var request = await _gateway.GetRequiredService<ChatRequestReader>().ReadAsync(fields, cancellation);
        if (request.Fields.Choices > 1)
        {
            throw ApiError.NotSupported("'n' is not supported here, other than 1.", "n");
        }

        if (request.PromptLogprobs is not null)
        {
            throw ApiError.NotSupported("'prompt_logprobs' is not supported here.", "prompt_logprobs");
        }

        if (request.TopLogprobs is not null)
        {
            throw ApiError.NotSupported("'logprobs' is not supported here.", "logprobs");
        }

        return request;
    }

    private async Task WaitUntilReadAsync()
    {
        using var either = CancellationTokenSource.CreateLinkedTokenSource(_left.Token, _closing.Token);
        await ((Task)_read.Task.WaitAsync(either.Token)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
    }

    private static void Cancel(CancellationTokenSource source)
    {
        try
        {
            source.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It ended in this moment.
        }
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Chat {Answer} failed")]
    private static partial void Failed(ILogger logger, Exception error, Guid answer);

    [LoggerMessage(
        Level = LogLevel.Information,
        Message = "door {Answer} caller {Caller} status {Status} prompt {PromptTokens} cached {CachedTokens} generated {GeneratedTokens} finish {Finish} ms {Milliseconds}")]
    private static partial void Line(
        ILogger logger, Guid answer, string caller, int status, int promptTokens, int cachedTokens, int generatedTokens, string finish, long milliseconds);
}
