using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;

namespace Llama4.Gateway.Tests.Live;

/// <summary>A cluster to be watched as a script; counts how often it was asked.</summary>
internal sealed class ScriptedWatch : IClusterWatch
{
    public const int Layers = 4;
    public const int Experts = 16;
    private int _asked;

    public int Asked => Volatile.Read(ref _asked);

    /// <summary>By the number of the question, from 0.</summary>
    public Func<int, ClusterStatus> Tell { get; init; } = _ => new ScriptedAdmin().Status;

    public ValueTask<ClusterStatus> WatchAsync(CancellationToken cancellation) => new(Tell(Interlocked.Increment(ref _asked) - 1));
}
