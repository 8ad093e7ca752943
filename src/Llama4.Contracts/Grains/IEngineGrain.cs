namespace Llama4.Contracts;

/// <summary>The sequences of one replica. Key: "replica@host".</summary>
[Alias("llama4.IEngineGrain")]
public interface IEngineGrain : IGrainWithStringKey
{
    /// <summary>
    /// Takes a request in, or says at once why not. One that this gateway has here already, at least as far as it says, is kept: a submission may come late, and twice.
    /// Otherwise the same id again replaces the earlier one, and goes on after what the request says was emitted.
    /// </summary>
    /// <param name="gateway">Whose polls get the chunks.</param>
    [Alias("Submit"), ResponseTimeout(Deadlines.Engine)]
    ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, Guid gateway);

    /// <summary>Ends a request whose client went away; its blocks are free within one step. Unknown ids are ignored: it may just have ended.</summary>
    [Alias("Cancel"), ResponseTimeout(Deadlines.Engine)]
    ValueTask CancelAsync(Guid request);

    /// <summary>
    /// What there is for a gateway after the chunks it has; waits a moment when there is nothing. Asking again with the same number gives the same chunks
    /// again; asking with a greater one lets those up to it go.
    /// </summary>
    /// <param name="outbox">The box that the number is of; what is known of another box says nothing of this one.</param>
    /// <param name="acknowledged">Number of the last chunk that the gateway has; 0 for none.</param>
    [Alias("Poll"), ResponseTimeout(Deadlines.Engine)]
    ValueTask<EngineAnswer> PollAsync(Guid gateway, Guid outbox, long acknowledged);

    [Alias("Status"), ResponseTimeout(Deadlines.Engine)]
    ValueTask<EngineStatus> StatusAsync();

    /// <summary>While the engine serves on, KV blocks are copied to the hosts that have their layers by the next plan. Inside a host.</summary>
    [Alias("MoveKv"), ResponseTimeout(Deadlines.Load)]
    ValueTask MoveKvAsync(PlacementPlan next);

    /// <summary>No new step before the next plan is in force; returns when none is in flight and the last KV blocks are copied. Inside a host.</summary>
    /// <param name="abandon">Steps in flight are given up at once, and nothing is copied.</param>
    /// <returns>What the next plan's hosts hold, if it gives the replica to another engine; else null.</returns>
    [Alias("Pause"), ResponseTimeout(Deadlines.Load)]
    ValueTask<HeldKv?> PauseAsync(PlacementPlan next, bool abandon);

    /// <summary>Goes on by the plan in force, or ends where that gives the replica to another host. Inside a host.</summary>
    /// <param name="held">What the engine before has told; null for nothing.</param>
    [Alias("Resume"), ResponseTimeout(Deadlines.Load)]
    ValueTask ResumeAsync(long epoch, HeldKv? held);
}

/// <summary>Whether an engine can be polled on.</summary>
public enum EngineState : byte
{
    Serving,

    /// <summary>It knows nothing of this gateway's requests: it is another activation, or has not heard from the gateway for long.</summary>
    Unknown,

    /// <summary>Another host has the replica now, by the newest plan.</summary>
    Moved,
}

/// <param name="Last">Number of the last of <paramref name="Chunks"/>, or the number that was acknowledged where there are none.</param>
/// <param name="Outbox">The box that holds the gateway's chunks: a new one for each activation of the engine, and for a gateway that was forgotten.</param>
[GenerateSerializer, Immutable, Alias("llama4.EngineAnswer")]
public sealed record EngineAnswer([property: Id(0)] EngineState State, [property: Id(1)] long Last, [property: Id(2)] TokenChunk[] Chunks,
    [property: Id(3)] Guid Outbox = default);
