using System.Collections.Concurrent;
using System.Diagnostics;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Testing;

/// <summary>
/// Simulated time that goes with the machine's, or a given number of times slower. One thread wakes all who wait, some tens of microseconds
/// late at most on a machine that has a core for it; it sleeps in between, so that cores are left to what is measured.
/// </summary>
public sealed class SimulatedClock : ISimulatedClock, IDisposable
{
    private readonly Lock _gate = new();
    private readonly PriorityQueue<Completion, long> _waiting = new();
    private readonly ConcurrentBag<Completion> _pool = [];
    private readonly PreciseSleep _sleep = new();
    private readonly Thread _thread;
    private readonly double _slower;
    private readonly long _start = Stopwatch.GetTimestamp();
    private long _cpuNs;
    private bool _ended;

    /// <param name="slower">Real time for each unit of simulated time: 10 makes a second of ten, so that what the process itself costs counts a tenth.</param>
    public SimulatedClock(double slower = 1)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(slower);
        _slower = slower;
        _thread = new Thread(Loop) { IsBackground = true, Name = "simulated clock", Priority = ThreadPriority.AboveNormal };
        _thread.Start();
    }

    public long NowNs => (long)(Stopwatch.GetElapsedTime(_start).Ticks * (double)(1_000_000_000 / TimeSpan.TicksPerSecond) / _slower);

    /// <summary>What the clock's own thread has used of the machine: no part of what is simulated.</summary>
    public TimeSpan CpuTime => TimeSpan.FromMicroseconds(Volatile.Read(ref _cpuNs) / 1000.0);

    public ValueTask UntilAsync(long timeNs)
    {
        if (timeNs <= NowNs)
        {
            return ValueTask.CompletedTask;
        }

        Completion completion = Completion.Rent(_pool);
        ValueTask task = completion.Task;
        bool isFirst;
        lock (_gate)
        {
            ObjectDisposedException.ThrowIf(_ended, this);
            isFirst = !_waiting.TryPeek(out _, out long first) || timeNs < first;
            _waiting.Enqueue(completion, timeNs);
        }

        if (isFirst)
        {
            _sleep.Wake();
        }

        return task;
    }

    /// <summary>Whoever still waits goes on at once.</summary>
    public void Dispose()
    {
        lock (_gate)
        {
            if (_ended)
            {
                return;
            }

            _ended = true;
        }

        _sleep.Wake();
        _thread.Join();
        _sleep.Dispose();
    }

    private void Loop()
    {
        _sleep.Sharpen();
        var due = new List<Completion>();
        while (true)
        {
            long nextNs = long.MaxValue;
            bool ended;
            lock (_gate)
            {
                ended = _ended;
                long nowNs = NowNs;
                while (_waiting.TryPeek(out Completion? first, out long timeNs))
                {
                    if (timeNs > nowNs && !ended)
                    {
                        nextNs = timeNs;
                        break;
                    }

                    due.Add(first);
                    _waiting.Dequeue();
                }
            }

            due.ForEach(completion => completion.Succeed());
            if (ended)
            {
                return;
            }

            Volatile.Write(ref _cpuNs, PreciseSleep.ThreadCpuNs());
            if (due.Count == 0)
            {
                // Without anybody to wake it sleeps until somebody comes.
                _sleep.Sleep(nextNs == long.MaxValue ? null : (long)((nextNs - NowNs) * _slower));
            }

            due.Clear();
        }
    }
}
