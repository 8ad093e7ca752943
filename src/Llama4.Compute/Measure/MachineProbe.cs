using System.Diagnostics;
using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;
using Llama4.Compute.Kernels;

namespace Llama4.Compute.Measure;

/// <param name="ReadGbPerSecond">Streaming read of memory far larger than the caches, all threads together, 1e9 bytes.</param>
/// <param name="FmaGflopPerSecond">fp32 fused multiply-adds in registers, two operations each, all threads together, 1e9.</param>
/// <param name="Threads">Threads that measured.</param>
/// <param name="InstructionSet">Vector width the kernels use: AVX-512, AVX2, 128-bit or scalar.</param>
public sealed record MachineFigures(double ReadGbPerSecond, double FmaGflopPerSecond, int Threads, string InstructionSet);

/// <summary>
/// What the machine itself can do: the yardstick of the benches. An open probe measures single runs, so that a bench can
/// alternate them with its own work and compare like with like on a machine that is shared.
/// </summary>
public sealed unsafe class MachineProbe : IDisposable
{
    /// <summary>512 MiB: sixteen times a large last-level cache.</summary>
    private const long BufferBytes = 512L << 20;

    private const int Repeats = 7;
    private const int FmaRounds = 25_000;

    /// <summary>128 MiB: four times a large last-level cache, and given back at once.</summary>
    private const long GlanceBytes = 128L << 20;

    private const int GlanceRepeats = 3;

    private readonly WorkerTeam _team;
    private readonly long _bytes;
    private readonly NativeBlock _block;
    private readonly NativeBlock _results;
    private readonly InstructionSet _set = InstructionSet.Best;

    /// <param name="threads">Threads that measure together.</param>
    public MachineProbe(int threads)
        : this(threads, BufferBytes)
    {
    }

    private MachineProbe(int threads, long bytes)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        _bytes = bytes;
        _block = NativeBlock.Allocate(bytes, zeroed: true);
        _team = new WorkerTeam(threads);
        _results = NativeBlock.Allocate(threads * sizeof(float), zeroed: true);
    }

    /// <summary>Best of several runs, about a second together.</summary>
    public static MachineFigures Measure(int threads)
    {
        using var probe = new MachineProbe(threads);
        return probe.Best(Repeats);
    }

    /// <summary>Good to some tens of percent, in about a tenth of a second: for a host that tells others what it can do.</summary>
    public static MachineFigures Glance(int threads)
    {
        using var probe = new MachineProbe(threads, GlanceBytes);
        return probe.Best(GlanceRepeats);
    }

    /// <summary>One pass over memory.</summary>
    public double ReadGbPerSecond() => _bytes / Seconds(
        _set == InstructionSet.Avx512 ? &ReadSlice<Lanes512> : _set == InstructionSet.Avx2 ? &ReadSlice<Lanes256> : &ReadSlice<Lanes128>) / 1e9;

    /// <summary>One run of multiply-adds, a few milliseconds.</summary>
    public double FmaGflopPerSecond()
    {
        int chains = _set == InstructionSet.Avx512 ? ChainsOf<Lanes512>() : ChainsOf<Lanes256>();
        double flops = Items * (double)FmaRounds * chains * 16 * 2;
        return flops / Seconds(
            _set == InstructionSet.Avx512 ? &FmaRound<Lanes512> : _set == InstructionSet.Avx2 ? &FmaRound<Lanes256> : &FmaRound<Lanes128>) / 1e9;
    }

    public void Dispose()
    {
        _team.Dispose();
        _block.Free();
        _results.Free();
    }

    private int Items => _team.Threads * 16;

    private MachineFigures Best(int repeats)
    {
        double read = 0, fma = 0;
        for (int i = 0; i < repeats; i++)
        {
            read = Math.Max(read, ReadGbPerSecond());
            fma = Math.Max(fma, FmaGflopPerSecond());
        }

        return new MachineFigures(read, fma, _team.Threads, _set.Name);
    }

    private double Seconds(delegate*<void*, int, int, void> body)
    {
        var arguments = new ProbeArguments { Data = _block.Data, Bytes = _bytes, Slices = Items, Results = (float*)_results.Data };
        long start = Stopwatch.GetTimestamp();
        _team.Run(body, &arguments, Items, parallel: true);
        return Stopwatch.GetElapsedTime(start).TotalSeconds;
    }

    private struct ProbeArguments
    {
        public byte* Data;
        public long Bytes;
        public int Slices;
        public float* Results;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadSlice<L>(void* arguments, int thread, int item) where L : unmanaged, ILanes<L>
    {
        var read = (ProbeArguments*)arguments;
        long bytes = read->Bytes / read->Slices;
        byte* p = read->Data + item * bytes;
        L a = L.Zero, b = L.Zero, c = L.Zero, d = L.Zero;
        for (byte* end = p + bytes; p < end; p += 256)
        {
            a += L.Load((float*)p);
            b += L.Load((float*)(p + 64));
            c += L.Load((float*)(p + 128));
            d += L.Load((float*)(p + 192));
        }

        read->Results[thread] += L.Sum(a + b + (c + d));
    }

    /// <summary>
    /// Independent chains: two units of four cycles latency need eight vectors. Twelve fill AVX-512's units;
    /// six of two vectors each are what AVX2's sixteen registers hold.
    /// </summary>
    private static int ChainsOf<L>() where L : unmanaged, ILanes<L> => typeof(L) == typeof(Lanes512) ? 12 : 6;

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void FmaRound<L>(void* arguments, int thread, int item) where L : unmanaged, ILanes<L>
    {
        L x = L.Broadcast(1.0001f), y = L.Broadcast(-1e-4f);
        L a = x, b = x, c = x, d = x, e = x, f = x;
        if (ChainsOf<L>() == 6)
        {
            for (int i = 0; i < FmaRounds; i++)
            {
                a = L.FusedMultiplyAdd(a, x, y);
                b = L.FusedMultiplyAdd(b, x, y);
                c = L.FusedMultiplyAdd(c, x, y);
                d = L.FusedMultiplyAdd(d, x, y);
                e = L.FusedMultiplyAdd(e, x, y);
                f = L.FusedMultiplyAdd(f, x, y);
            }
        }
        else
        {
            L g = x, h = x, k = x, m = x, n = x, o = x;
            for (int i = 0; i < FmaRounds; i++)
            {
                a = L.FusedMultiplyAdd(a, x, y);
                b = L.FusedMultiplyAdd(b, x, y);
                c = L.FusedMultiplyAdd(c, x, y);
                d = L.FusedMultiplyAdd(d, x, y);
                e = L.FusedMultiplyAdd(e, x, y);
                f = L.FusedMultiplyAdd(f, x, y);
                g = L.FusedMultiplyAdd(g, x, y);
                h = L.FusedMultiplyAdd(h, x, y);
                k = L.FusedMultiplyAdd(k, x, y);
                m = L.FusedMultiplyAdd(m, x, y);
                n = L.FusedMultiplyAdd(n, x, y);
                o = L.FusedMultiplyAdd(o, x, y);
            }

            a += g + h + (k + m) + (n + o);
        }

        ((ProbeArguments*)arguments)->Results[thread] += L.Sum(a + b + (c + d) + (e + f));
    }
}
