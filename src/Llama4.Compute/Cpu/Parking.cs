using System.Diagnostics;

namespace Llama4.Compute.Cpu;

/// <summary>
/// One thread's wait for something to change: it spins for some tens of microseconds, because a wake-up through the
/// kernel costs about as much, and then sleeps until <see cref="Wake"/>.
/// </summary>
internal sealed class Parking : IDisposable
{
    /// <summary>Between two layers' commands lie a few microseconds of control; a park and wake-up costs 30 to 60.</summary>
    private static readonly long SpinTicks = Stopwatch.Frequency * 40 / 1_000_000;

    private readonly SemaphoreSlim _signal = new(0);
    private int _parked;

    /// <summary>Returns when <paramref name="ready"/> holds.</summary>
    public void Wait<T>(T state, Func<T, bool> ready)
    {
        long end = Stopwatch.GetTimestamp() + SpinTicks;
        while (!ready(state))
        {
            if (Stopwatch.GetTimestamp() < end)
            {
                Thread.SpinWait(8);
                continue;
            }

            // Announce first, look again, then sleep: whoever changes the state afterwards sees the announcement.
            Interlocked.Exchange(ref _parked, 1);
            if (ready(state))
            {
                if (Interlocked.Exchange(ref _parked, 0) == 0)
                {
                    _signal.Wait(); // a waker came in between: take its signal
                }

                return;
            }

            _signal.Wait();
        }
    }

    /// <summary>To be called after the state has changed.</summary>
    public void Wake()
    {
        Interlocked.MemoryBarrier();
        if (Volatile.Read(ref _parked) == 1 && Interlocked.Exchange(ref _parked, 0) == 1)
        {
            _signal.Release();
        }
    }

    public void Dispose() => _signal.Dispose();
}
