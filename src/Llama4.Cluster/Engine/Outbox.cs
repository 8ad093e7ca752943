using Llama4.Cluster.Calls;
using Llama4.Contracts;

namespace Llama4.Cluster.Engine;

/// <summary>Chunks for one gateway, numbered 1, 2, 3 ..., kept until it has them. Bounded by its requests' own tokens.</summary>
internal sealed class Outbox
{
    private readonly Queue<TokenChunk> _chunks = [];
    private readonly Signal _arrived = new();

    /// <summary>No two are alike: numbers of one say nothing of another.</summary>
    public Guid Id { get; } = Guid.NewGuid();

    /// <summary>Number of the newest chunk; 0 before the first.</summary>
    public long Last { get; private set; }

    /// <summary>When the gateway was heard of last.</summary>
    public long Polled { get; set; }

    public bool IsEmpty => _chunks.Count == 0;

    public void Put(TokenChunk chunk)
    {
        _chunks.Enqueue(chunk);
        Last++;
    }

    /// <summary>Wakes the poll that waits, if one does.</summary>
    public void Wake() => _arrived.Set();

    /// <summary>Completes at the next <see cref="Wake"/>.</summary>
    public Task ArrivedAsync() => _arrived.Next;

    /// <summary>Lets chunks up to this number go: the gateway has them.</summary>
    public void Acknowledge(long number)
    {
        while (_chunks.Count > 0 && Last - _chunks.Count < number)
            _chunks.Dequeue();
    }

    /// <summary>What the gateway does not have yet, oldest first.</summary>
    public EngineAnswer Waiting() => new(EngineState.Serving, Last, [.. _chunks], Id);
}
