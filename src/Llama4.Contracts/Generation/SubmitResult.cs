namespace Llama4.Contracts;

public enum SubmitStatus : byte
{
    Accepted,

    /// <summary>The waiting queue, or this caller's share of it, is full: try again later.</summary>
    QueueFull,

    /// <summary>Prompt plus answer cannot fit the model's context or the KV pool.</summary>
    ContextLengthExceeded,

    /// <summary>The cluster is starting or shutting down.</summary>
    Unavailable,
}

/// <summary>Whether a request was taken in. Accepted requests end exactly once, through their chunks.</summary>
/// <param name="Status">What became of it.</param>
/// <param name="Message">For people; empty when accepted.</param>
/// <param name="RetryAfterSeconds">For QueueFull and Unavailable.</param>
/// <param name="TokensMax">For ContextLengthExceeded: the most tokens, prompt and answer together.</param>
[GenerateSerializer, Immutable, Alias("llama4.SubmitResult")]
public sealed record SubmitResult(
    [property: Id(0)] SubmitStatus Status,
    [property: Id(1)] string Message = "",
    [property: Id(2)] int RetryAfterSeconds = 0,
    [property: Id(3)] int TokensMax = 0)
{
    public static readonly SubmitResult Accepted = new(SubmitStatus.Accepted);

    /// <summary>Of an accepted request: where its chunks are put. Another box knows nothing of it.</summary>
    [Id(4)] public Guid Outbox { get; init; }
}
