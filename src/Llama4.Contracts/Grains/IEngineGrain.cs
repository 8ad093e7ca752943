using Orleans.Concurrency;

namespace Llama4.Contracts;

/// <summary>The sequences of one replica. Key: replica.</summary>
[Alias("llama4.IEngineGrain")]
public interface IEngineGrain : IGrainWithIntegerKey
{
    /// <summary>Takes a request in, or says at once why not. Chunks go to <paramref name="observer"/>.</summary>
    [Alias("Submit")]
    ValueTask<SubmitResult> SubmitAsync(GenerateRequest request, IGenerationObserver observer);

    /// <summary>Ends a request whose client went away; its blocks are free within one step. Unknown ids are ignored: it may just have ended.</summary>
    [Alias("Cancel")]
    ValueTask CancelAsync(Guid request);

    [Alias("Status")]
    ValueTask<EngineStatus> StatusAsync();

    /// <summary>Starts serving by this plan.</summary>
    [Alias("Load"), ResponseTimeout(Deadlines.Load)]
    ValueTask LoadAsync(long epoch);
}

/// <summary>A gateway's ear: one message a step holds the chunks of all its requests.</summary>
[Alias("llama4.IGenerationObserver")]
public interface IGenerationObserver : IGrainObserver
{
    [OneWay, Alias("OnChunks")]
    ValueTask OnChunksAsync(TokenChunk[] chunks);
}
