namespace Llama4.Simulation;

/// <summary>
/// Time and everything that happens in it, in one thread: events in order of their time, those of one time in the order they were asked for. The same seed gives
/// the same run, event for event.
/// </summary>
internal sealed class World(ulong seed)
{
    private readonly PriorityQueue<Happening, (long Time, long Number)> _coming = new();
    private long _number;

    public Random64 Random { get; } = new(Random64.Mix(seed));

    /// <summary>In ticks of 100 ns since the world's start.</summary>
    public long Now { get; private set; }

    public TimeSpan Time => TimeSpan.FromTicks(Now);

    /// <summary>Events so far.</summary>
    public long Events { get; private set; }

    /// <summary>What must never be. The first ends the run.</summary>
    public string? Violation { get; private set; }

    /// <summary>Told what happens, where somebody wants to read it.</summary>
    public Action<string>? Journal { get; init; }

    public void Tell(string what) => Journal?.Invoke($"{Time.TotalMilliseconds,9:F1} {what}");

    public void Fail(string violation)
    {
        Violation ??= $"at {Time.TotalMilliseconds:F1} ms: {violation}";
        Tell($"VIOLATION {violation}");
    }

    /// <param name="process">Where it happens; null for the world itself.</param>
    public void After(TimeSpan delay, SimulatedProcess? process, SendOrPostCallback action, object? state = null) =>
        _coming.Enqueue(new Happening(process, action, state), (Now + Math.Max(0, delay.Ticks), _number++));

    public void After(TimeSpan delay, Action action) => After(delay, null, static action => ((Action)action!)(), action);

    /// <summary>Lets time pass until it is over, something must not be, or <paramref name="until"/> is true.</summary>
    /// <returns>Whether it is.</returns>
    public bool Run(TimeSpan end, Func<bool> until)
    {
        while (Violation is null && _coming.TryPeek(out _, out var at) && at.Time <= end.Ticks)
        {
            var next = _coming.Dequeue();
            Now = at.Time;
            Events++;
            Happen(next);
            if (until())
                return true;
        }
        return until();
    }

    private void Happen(Happening next)
    {
        if (next.Process is { } process && !process.Takes(next))
            return;
        SynchronizationContext.SetSynchronizationContext(next.Process);
        try
        {
            next.Action(next.State);
        }
        catch (Exception error)
        {
            Fail($"{next.Process?.Name ?? "the world"} threw {error}");
        }
        finally
        {
            SynchronizationContext.SetSynchronizationContext(null);
        }
    }
}

/// <summary>One thing to happen.</summary>
internal readonly record struct Happening(SimulatedProcess? Process, SendOrPostCallback Action, object? State);
