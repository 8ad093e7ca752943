namespace Llama4.Contracts;

/// <summary>What a front end needs of the cluster; implemented over grains in Llama4.Cluster.</summary>
public interface IGenerationClient
{
    /// <summary>
    /// Submits a request. On <see cref="SubmitStatus.Accepted"/> the generation yields its chunks; the caller disposes it,
    /// which cancels the sequence if it has not ended.
    /// </summary>
    ValueTask<(SubmitResult Result, IGeneration? Generation)> SubmitAsync(GenerateRequest request, CancellationToken cancellation);

    /// <summary>What the engine is doing right now.</summary>
    ValueTask<EngineStatus> StatusAsync(CancellationToken cancellation);
}

/// <summary>One accepted request.</summary>
public interface IGeneration : IAsyncDisposable
{
    /// <summary>The chunks in order, to the one with <see cref="TokenChunk.Finish"/>. Buffered without slowing the engine: bounded by the request's own prompt and TokensMax.</summary>
    IAsyncEnumerable<TokenChunk> Chunks(CancellationToken cancellation = default);
}

/// <param name="Running">Sequences that hold KV blocks.</param>
/// <param name="Waiting">Requests in the queue.</param>
/// <param name="KvBlocksUsed">Blocks in use over all pools (cached prefixes not counted).</param>
/// <param name="KvBlocks">Blocks over all pools.</param>
/// <param name="TokensGenerated">Since start.</param>
/// <param name="PromptTokens">Prefilled since start, cached ones not counted.</param>
/// <param name="CachedTokens">Prompt tokens taken from the prefix cache since start.</param>
[GenerateSerializer, Immutable, Alias("llama4.EngineStatus")]
public sealed record EngineStatus(
    [property: Id(0)] int Running,
    [property: Id(1)] int Waiting,
    [property: Id(2)] int KvBlocksUsed,
    [property: Id(3)] int KvBlocks,
    [property: Id(4)] long TokensGenerated,
    [property: Id(5)] long PromptTokens,
    [property: Id(6)] long CachedTokens);
