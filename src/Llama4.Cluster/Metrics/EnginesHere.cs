using System.Collections.Concurrent;
using Llama4.Cluster.Engine;
using Llama4.Contracts;

namespace Llama4.Cluster.Metrics;

/// <summary>The engines that are awake on this host, for who looks at them from outside their turns. Thread-safe.</summary>
internal sealed class EnginesHere
{
    private readonly ConcurrentDictionary<int, EngineTurns> _engines = [];

    public void Add(int replica, EngineTurns engine) => _engines[replica] = engine;

    /// <summary>Without effect if another has taken its place.</summary>
    public void Remove(int replica, EngineTurns engine) => _engines.TryRemove(new KeyValuePair<int, EngineTurns>(replica, engine));

    /// <summary>By replica, of those that have begun. Numbers are read while turns change them: each is right by itself.</summary>
    public IEnumerable<(int Replica, EngineStatus Status)> Statuses()
    {
        foreach (var (replica, engine) in _engines)
        {
            if (engine.Scheduler?.Status is { } status)
                yield return (replica, status);
        }
    }
}
