using System.Runtime.InteropServices;
using Llama4.Contracts;
using Llama4.Scheduling;
using Orleans.Runtime;

namespace Llama4.Cluster.Calls;

/// <summary>The ways from this host to others, as its calls find them: the data path tells of its calls, the host's agent sends the probes and tells the leader. Thread-safe.</summary>
internal sealed class Links(TimeProvider clock)
{
    /// <summary>Hosts whose calls are counted apart; those that come later are counted together.</summary>
    public const int PeersMax = 64;

    private readonly Dictionary<HostId, LinkWatch> _watches = [];

    /// <summary>Guarded by the watches; hosts that are gone stay.</summary>
    private readonly Dictionary<HostId, long> _calls = [];
    private long _otherCalls;

    private TimeSpan Now => clock.GetElapsedTime(0);

    /// <summary>A call to a host is under way.</summary>
    /// <returns>The same call.</returns>
    public Task<T> Observe<T>(HostId host, Task<T> call)
    {
        if (!call.IsCompleted)
        {
            lock (_watches)
            {
                WatchOf(host).Ask(Now);
                Count(host);
            }
            // Where the answer arrives: it is a few instructions, and a simulation stays on its one thread.
            _ = call.ContinueWith(ended => End(host, ended), CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);
        }
        return call;
    }

    /// <summary>Calls to each host since this one's start; null is all that are not told apart.</summary>
    public (HostId? Host, long Calls)[] Calls()
    {
        lock (_watches)
            return [.. _calls.Select(calls => ((HostId?)calls.Key, calls.Value)), .. _otherCalls > 0 ? [((HostId?)null, _otherCalls)] : Array.Empty<(HostId?, long)>()];
    }

    /// <summary>Hosts that a probe is to be sent to now.</summary>
    public HostId[] TakeProbes()
    {
        lock (_watches)
            return [.. _watches.Where(watch => watch.Value.TakeProbe(Now)).Select(watch => watch.Key)];
    }

    /// <summary>A probe was answered.</summary>
    public void Hear(HostId host)
    {
        lock (_watches)
            WatchOf(host).Hear(Now);
    }

    /// <summary>Hosts that answer nothing that is asked from here.</summary>
    public HostId[] Unheard()
    {
        lock (_watches)
            return [.. _watches.Where(watch => watch.Value.IsBroken(Now)).Select(watch => watch.Key)];
    }

    /// <summary>This host itself stood still.</summary>
    public void Forgive(TimeSpan pause)
    {
        lock (_watches)
        {
            foreach (var watch in _watches.Values)
                watch.Forgive(pause);
        }
    }

    /// <summary>Forgets hosts that are members no longer.</summary>
    public void Keep(HostId[] members)
    {
        lock (_watches)
        {
            foreach (var gone in _watches.Keys.Except(members).ToList())
                _watches.Remove(gone);
        }
    }

    private void Count(HostId host)
    {
        ref var calls = ref CollectionsMarshal.GetValueRefOrAddDefault(_calls, host, out var isKnown);
        if (isKnown || _calls.Count <= PeersMax)
        {
            calls++;
            return;
        }
        _calls.Remove(host);
        _otherCalls++;
    }

    private LinkWatch WatchOf(HostId host)
    {
        if (!_watches.TryGetValue(host, out var watch))
            _watches[host] = watch = new LinkWatch();
        return watch;
    }

    private void End(HostId host, Task call)
    {
        var isUnanswered = call.IsCanceled || call.Exception?.InnerException is OrleansException or TimeoutException or OperationCanceledException;
        lock (_watches)
            _watches.GetValueOrDefault(host)?.End(Now, !isUnanswered);
    }
}
