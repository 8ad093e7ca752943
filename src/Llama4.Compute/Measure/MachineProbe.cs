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

/// <summary>What the machine itself can do: the yardstick of the benches.</summary>
public static unsafe class MachineProbe
{
    /// <summary>512 MiB: sixteen times a large last-level cache.</summary>
    private const long BufferBytes = 512L << 20;

    private const int Repeats = 7;
    private const int FmaRounds = 25_000;

    /// <summary>Best of several runs, about a second together.</summary>
    public static MachineFigures Measure(int threads)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1);
        InstructionSet set = InstructionSet.Best;
        return set == InstructionSet.Avx512 ? Measure<Lanes512>(threads, set.Name)
            : set == InstructionSet.Avx2 ? Measure<Lanes256>(threads, set.Name)
            : Measure<Lanes128>(threads, set.Name);
    }

    private static MachineFigures Measure<L>(int threads, string name) where L : unmanaged, ILanes<L>
    {
        using var team = new WorkerTeam(threads);
        NativeBlock block = NativeBlock.Allocate(BufferBytes, zeroed: true);
        try
        {
            var read = new ReadArguments { Data = block.Data, Slices = threads * 16 };
            var sink = new float[threads];
            fixed (float* results = sink)
            {
                read.Results = results;
                double readSeconds = Best(team, &ReadSlice<L>, &read, read.Slices);
                double fmaSeconds = Best(team, &FmaRound<L>, &read, threads * 16);
                double flops = threads * 16.0 * FmaRounds * ChainsOf<L>() * 16 * 2;
                return new MachineFigures(BufferBytes / readSeconds / 1e9, flops / fmaSeconds / 1e9, threads, name);
            }
        }
        finally
        {
            block.Free();
        }
    }

    private struct ReadArguments
    {
        public byte* Data;
        public int Slices;
        public float* Results;
    }

    private static double Best(WorkerTeam team, delegate*<void*, int, int, void> body, void* arguments, int items)
    {
        double best = double.MaxValue;
        for (int i = 0; i < Repeats; i++)
        {
            long start = Stopwatch.GetTimestamp();
            team.Run(body, arguments, items, parallel: true);
            best = Math.Min(best, Stopwatch.GetElapsedTime(start).TotalSeconds);
        }

        return best;
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static void ReadSlice<L>(void* arguments, int thread, int item) where L : unmanaged, ILanes<L>
    {
        var read = (ReadArguments*)arguments;
        long bytes = BufferBytes / read->Slices;
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

        ((ReadArguments*)arguments)->Results[thread] += L.Sum(a + b + (c + d) + (e + f));
    }
}
