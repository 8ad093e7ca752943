using System.Runtime.InteropServices;

namespace Llama4.Compute.Testing;

/// <summary>
/// Sleep that ends within microseconds of its time or at a wake-up from another thread: .NET's own waits round to milliseconds. Linux: ppoll on an
/// eventfd (man 2 ppoll, eventfd). Elsewhere milliseconds are slept and the rest is spun.
/// </summary>
internal sealed class PreciseSleep : IDisposable
{
    private const int EventNonBlocking = 0x800; // EFD_NONBLOCK
    private const short PollIn = 1;
    private const int SetTimerSlack = 29; // PR_SET_TIMERSLACK: the kernel groups wake-ups within 50 us otherwise
    private const int ThreadCpuClock = 3; // CLOCK_THREAD_CPUTIME_ID
    private const long SpunNs = 2_000_000;

    private readonly int _event = -1;
    private readonly AutoResetEvent? _elsewhere;

    public PreciseSleep()
    {
        if (!OperatingSystem.IsLinux())
        {
            _elsewhere = new AutoResetEvent(false);
        }
        else if ((_event = eventfd(0, EventNonBlocking)) < 0)
        {
            throw new InvalidOperationException($"eventfd failed with error {Marshal.GetLastPInvokeError()}");
        }
    }

    /// <summary>CPU time of the calling thread; 0 where it is not known.</summary>
    public static long ThreadCpuNs() =>
        OperatingSystem.IsLinux() && clock_gettime(ThreadCpuClock, out TimeSpec time) == 0 ? (time.Seconds * 1_000_000_000) + time.Nanoseconds : 0;

    /// <summary>Asks for this thread's sleeps to be kept to the microsecond. On the thread that sleeps.</summary>
    public void Sharpen()
    {
        if (_elsewhere is null)
        {
            _ = prctl(SetTimerSlack, 1000, 0, 0, 0);
        }
    }

    /// <param name="nanoseconds">Null until a wake-up.</param>
    public unsafe void Sleep(long? nanoseconds)
    {
        if (nanoseconds <= 0)
        {
            return;
        }

        if (_elsewhere is not null)
        {
            if (nanoseconds is not < SpunNs)
            {
                _elsewhere.WaitOne(nanoseconds is { } time ? (int)Math.Min((time - SpunNs) / 1_000_000, int.MaxValue) : Timeout.Infinite);
            }
            else
            {
                Thread.Yield();
            }

            return;
        }

        var poll = new PollFile { File = _event, Events = PollIn };
        var limit = new TimeSpec { Seconds = (nanoseconds ?? 0) / 1_000_000_000, Nanoseconds = (nanoseconds ?? 0) % 1_000_000_000 };
        if (ppoll(&poll, 1, nanoseconds is null ? null : &limit, null) > 0)
        {
            long count;
            _ = read(_event, &count, sizeof(long)); // back to zero
        }
    }

    public unsafe void Wake()
    {
        if (_elsewhere is not null)
        {
            _elsewhere.Set();
            return;
        }

        long one = 1;
        _ = write(_event, &one, sizeof(long)); // fails only where a wake-up waits already
    }

    public void Dispose()
    {
        _elsewhere?.Dispose();
        if (_event >= 0)
        {
            _ = close(_event);
        }
    }

    private struct PollFile
    {
        public int File;
        public short Events;
        public short Returned;
    }

    private struct TimeSpec
    {
        public long Seconds;
        public long Nanoseconds;
    }

    [DllImport("libc", SetLastError = true)]
    private static extern int eventfd(uint initial, int flags);

    [DllImport("libc")]
    private static extern unsafe int ppoll(PollFile* files, nuint count, TimeSpec* limit, void* signals);

    [DllImport("libc")]
    private static extern unsafe nint read(int file, void* buffer, nuint bytes);

    [DllImport("libc")]
    private static extern unsafe nint write(int file, void* buffer, nuint bytes);

    [DllImport("libc")]
    private static extern int close(int file);

    [DllImport("libc")]
    private static extern int prctl(int option, nuint a, nuint b, nuint c, nuint d);

    [DllImport("libc")]
    private static extern int clock_gettime(int clock, out TimeSpec time);
}
