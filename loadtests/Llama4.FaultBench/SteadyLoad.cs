using Llama4.Contracts;

namespace Llama4.FaultBench;

/// <summary>Sixteen streams at all times, each compared with what it was while nothing disturbed.</summary>
/// <param name="kinds">Different requests.</param>
/// <param name="tokens">Draws a request's length.</param>
public sealed class SteadyLoad(ClusterProcesses cluster, int kinds, Func<int> tokens, TextWriter output)
{
    private readonly StreamResult[] _undisturbed = new StreamResult[kinds];
    private readonly int[] _lengths = [.. Enumerable.Range(0, kinds).Select(_ => tokens())];
    private int _streams;
    private int _wrong;

    public GapMeter Meter { get; } = new();

    public int Streams => _streams;

    /// <summary>Lost, doubled, cut short or different.</summary>
    public int Wrong => _wrong;

    /// <summary>Asks each kind once, alone.</summary>
    public async Task LearnAsync(CancellationToken cancellation)
    {
        for (var kind = 0; kind < kinds; kind++)
        {
            cancellation.ThrowIfCancellationRequested();
            _undisturbed[kind] = await FaultBench.Streams.RunAsync(cluster.Client, Request(kind));
        }
    }

    public Task RunAsync(Func<bool> goesOn, CancellationToken cancellation) => Task.WhenAll(Enumerable.Range(0, FaultRun.StreamCount).Select(worker => Task.Run(
        async () =>
        {
            for (var round = 0; goesOn(); round++)
            {
                var kind = (worker + (round * 5)) % kinds;
                var result = await FaultBench.Streams.RunAsync(cluster.Client, Request(kind), Meter);
                Interlocked.Increment(ref _streams);
                if (result.DifferenceFrom(_undisturbed[kind]) is not { } problem)
                    continue;
                Interlocked.Increment(ref _wrong);
                lock (output)
                    output.WriteLine($"{DateTime.Now:HH:mm:ss.fff} WRONG: {problem}");
            }
        },
        cancellation)));

    private GenerateRequest Request(int kind) => FaultBench.Streams.Request(kind, _lengths[kind]);
}
