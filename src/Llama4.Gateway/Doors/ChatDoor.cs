using System.Collections.Concurrent;
using Llama4.Contracts;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Doors;

/// <summary>
/// Chats of clients that come without HTTP: holds the answers that this host has in progress for <see cref="ChatGrain"/>. One for a host: registered in its silo's
/// services before there is a gateway, and opened once there is one.
/// </summary>
public sealed class ChatDoor : IAsyncDisposable
{
    private readonly ConcurrentDictionary<Guid, ChatDoorAnswer> _answers = [];
    private readonly TaskCompletionSource _empty = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile IServiceProvider? _gateway;
    private ServiceProvider? _own;
    private volatile bool _isClosed;

    /// <summary>Answers from now on, by the services of a gateway in this process (<see cref="GatewaySetup.AddLlama4Gateway"/>): its limits and its shutdown are the door's too.</summary>
    public void Open(IServiceProvider gateway) => _gateway = gateway;

    /// <summary>Answers from now on, on a host that has no HTTP.</summary>
    public void Open(GatewayOptions options, IGenerationClient client, Action<ILoggingBuilder> logging)
    {
        // Nobody probes whether it is ready: the cluster itself says no as long as it has no plan.
        _own = new ServiceCollection().AddLogging(logging).AddSingleton(client).AddLlama4Gateway(options with { TakesBeforeReady = true }).BuildServiceProvider();
        Open(_own);
    }

    /// <summary>Takes no more answers, and waits for those in progress; past the limit they end here, and their clients go on elsewhere.</summary>
    public async Task CloseAsync(TimeSpan limit, CancellationToken hurry = default)
    {
        _isClosed = true;
        SignalIfEmpty();
        await ((Task)_empty.Task.WaitAsync(limit, hurry)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var answer in _answers.Values)
        {
            answer.End();
        }
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync(TimeSpan.Zero);
        await Task.WhenAll(_answers.Values.Select(answer => answer.Ended));
        if (_own is not null)
        {
            await _own.DisposeAsync();
        }
    }

    /// <summary>Answers that this host has in progress.</summary>
    internal int Answers => _answers.Count;

    internal string[] Models => _gateway is { } gateway && !_isClosed ? [.. gateway.GetRequiredService<GatewayOptions>().ModelIds] : [];

    internal ChatAnswer Start(ChatSubmission submission)
    {
        if (_gateway is not { } gateway || _isClosed)
        {
            return Refused(ApiError.Unavailable($"This host {(_isClosed ? "is shutting down" : "serves no chats")}.", retryAfterSeconds: 1));
        }

        if (_answers.ContainsKey(submission.Answer))
        {
            return ChatAnswer.Nothing;
        }

        try
        {
            gateway.GetRequiredService<RequestGate>().Enter(submission.Caller);
        }
        catch (ApiError full)
        {
            return Refused(full);
        }

        var answer = new ChatDoorAnswer(submission, gateway);
        if (!_answers.TryAdd(submission.Answer, answer))
        {
            gateway.GetRequiredService<RequestGate>().Leave(submission.Caller); // it arrived twice at once
            return ChatAnswer.Nothing;
        }

        _ = Task.Run(() => RunAsync(submission, answer, gateway)); // away from the grain's turns: decoding a picture takes tenths of a second
        return ChatAnswer.Nothing;
    }

    internal ValueTask<ChatAnswer> PollAsync(Guid answer, int acknowledged) =>
        _answers.TryGetValue(answer, out var found) ? found.PollAsync(acknowledged) : ValueTask.FromResult(ChatAnswer.Unknown);

    internal void Cancel(Guid answer)
    {
        if (_answers.TryGetValue(answer, out var found))
        {
            found.Leave();
        }
    }

    /// <summary>What cannot be taken; the client asks elsewhere or is told.</summary>
    internal static ChatAnswer Refused(ApiError error) => new(ChatState.Serving, [], ChatErrors.Of(error));

    private async Task RunAsync(ChatSubmission submission, ChatDoorAnswer answer, IServiceProvider gateway)
    {
        try
        {
            await answer.RunAsync();
        }
        finally
        {
            _answers.TryRemove(submission.Answer, out _);
            gateway.GetRequiredService<RequestGate>().Leave(submission.Caller);
            answer.Dispose();
            SignalIfEmpty();
        }
    }

    private void SignalIfEmpty()
    {
        if (_isClosed && _answers.IsEmpty)
        {
            _empty.TrySetResult();
        }
    }
}
