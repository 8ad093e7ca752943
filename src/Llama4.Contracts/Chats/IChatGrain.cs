using Orleans.Concurrency;

namespace Llama4.Contracts;

/// <summary>
/// Chats without HTTP, from whatever host is asked. An answer stays on the host that started it: calls with the same key go to the same host as long as that lives.
/// Keys only spread the calls over hosts.
/// </summary>
[Alias("llama4.IChatGrain")]
public interface IChatGrain : IGrainWithIntegerKey
{
    /// <summary>Names of the model that is served, the first one first; none where this host serves no chats.</summary>
    [Alias("Models"), ResponseTimeout(Deadlines.Door)]
    ValueTask<string[]> ModelsAsync();

    /// <summary>Takes an answer in, to be polled for; returns before the request is looked at. The same id again is the same answer.</summary>
    /// <returns>State, and the error of a host that takes no answer.</returns>
    [Alias("Start"), ResponseTimeout(Deadlines.ChatStart)]
    ValueTask<ChatAnswer> StartAsync(ChatSubmission submission);

    /// <summary>
    /// What there is of an answer after the pieces that the client has; waits a moment when there is nothing. Asking again with the same number gives the same
    /// pieces again; asking with a greater one lets those up to it go. An answer that nobody polls is given up.
    /// </summary>
    /// <param name="acknowledged">Number of the last piece that the client has; 0 for none.</param>
    [Alias("Poll"), ResponseTimeout(Deadlines.Door)]
    ValueTask<ChatAnswer> PollAsync(Guid answer, int acknowledged);

    /// <summary>Ends an answer whose client went away, or has its end. Unknown ids are ignored.</summary>
    [Alias("Cancel"), ResponseTimeout(Deadlines.Door)]
    ValueTask CancelAsync(Guid answer);
}

/// <summary>A chat to answer, or to go on answering after the host that did is gone.</summary>
[GenerateSerializer, Immutable, Alias("llama4.ChatSubmission")]
public sealed record ChatSubmission
{
    /// <summary>Most bytes of a <see cref="Body"/>: 8 MiB + 64 KiB of text and 64 MiB of pictures, what a gateway takes over HTTP.</summary>
    public const int BodyBytesMax = (72 << 20) + (64 << 10);

    /// <summary>Of this attempt: each host that is tried gets another one.</summary>
    [Id(0)] public required Guid Answer { get; init; }

    /// <summary>Of the chat, whoever answers it: ids of tool calls follow from it.</summary>
    [Id(1)] public required Guid Chat { get; init; }

    /// <summary>The body of an OpenAI chat completion, UTF-8 JSON. With a seed, if the answer is to go on elsewhere as it began.</summary>
    [Id(2)] public required byte[] Body { get; init; }

    /// <summary>Token ids of the pieces that the client has: only what follows them is sent.</summary>
    [Id(3)] public int[] Emitted { get; init; } = [];

    /// <summary>Who asks: the queue is fair between callers.</summary>
    [Id(4)] public string Caller { get; init; } = "";

    /// <summary>The client's span, which the answer's are below; null where it records none.</summary>
    [Id(5)] public SpanParent? Span { get; init; }
}
