using Llama4.Contracts;

namespace Llama4.Cluster.Engine;

/// <summary>Chunks that wait for one gateway, numbered, until it has them.</summary>
internal sealed class Outbox
{
    private readonly Queue<TokenChunk> _chunks = [];
    private TaskCompletionSource? _arrived;

    /// <summary>Number of the last chunk that was put in.</summary>
    public long Last { get; private set; }

    public void Put(TokenChunk chunk)
    {
        _chunks.Enqueue(chunk);
        Last++;
        Wake();
    }

    public void Wake()
    {
        var arrived = _arrived;
        _arrived = null;
        arrived?.SetResult();
    }

    /// <summary>Lets go of what the gateway has.</summary>
    public void Acknowledge(long number)
    {
        while (_chunks.Count > 0 && Last - _chunks.Count < number)
            _chunks.Dequeue();
    }

    public TokenChunk[] Waiting() => [.. _chunks];

    public Task ArrivedAsync() =>
        (_arrived ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;
}
