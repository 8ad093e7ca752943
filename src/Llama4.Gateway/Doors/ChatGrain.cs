using Llama4.Contracts;
using Llama4.Gateway.Requests;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Concurrency;

namespace Llama4.Gateway.Doors;

/// <summary>On whatever silo is asked, reentrant: it only looks up the answers of <see cref="ChatDoor"/>, which many polls wait for at once.</summary>
[StatelessWorker(1), Reentrant]
internal sealed class ChatGrain(IServiceProvider services) : Grain, IChatGrain
{
    /// <summary>Null in a silo of a program that serves no chats.</summary>
    private readonly ChatDoor? _door = services.GetService<ChatDoor>();

    public ValueTask<string[]> ModelsAsync() => ValueTask.FromResult(_door?.Models ?? []);

    public ValueTask<ChatAnswer> StartAsync(ChatSubmission submission) =>
        ValueTask.FromResult(_door?.Start(submission) ?? ChatDoor.Refused(ApiError.Unavailable("This host serves no chats.", retryAfterSeconds: 1)));

    public ValueTask<ChatAnswer> PollAsync(Guid answer, int acknowledged) => _door?.PollAsync(answer, acknowledged) ?? ValueTask.FromResult(ChatAnswer.Unknown);

    public ValueTask CancelAsync(Guid answer)
    {
        _door?.Cancel(answer);
        return ValueTask.CompletedTask;
    }
}
