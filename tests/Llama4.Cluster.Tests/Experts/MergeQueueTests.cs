using System.Runtime.InteropServices;
using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Compute;
using Llama4.Compute.Testing;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Tests.Experts;

[Collection(nameof(ManyHosts))]
public class MergeQueueTests
{
    private const int Layer = 1;

    /// <summary>As in a grain: one at a time.</summary>
    private readonly TaskFactory _turns = new(new ConcurrentExclusiveSchedulerPair().ExclusiveScheduler);

    [Fact]
    public async Task Run_OfManyQuestionsAtOnce_GivesTheBitsOfEachAlone()
    {
        await using var host = Host(CpuDevice.Create(1));
        using var experts = await LoadAsync(host);
        var alone = new List<byte[]>();
        for (var i = 0; i < 6; i++)
        {
            alone.Add(Assert.Single(await RunAsync(new MergeQueue(host), experts, [Question(host, 1 + i, seed: i)])));
        }

        var merged = await RunAsync(new MergeQueue(host), experts, [.. Enumerable.Range(0, 6).Select(i => Question(host, 1 + i, seed: i))]);
        merged.ShouldBe(alone);
    }

    [Fact]
    public async Task Run_WhileTwoBatchesAreOnTheDevice_MergesWhatWaits()
    {
        var times = new WatchedTimes();
        await using var host = Host(new SimulatedDevice(times, times, "test"));
        using var experts = await LoadAsync(host);
        var answers = await RunAsync(new MergeQueue(host), experts, [.. Enumerable.Range(1, 6).Select(rows => Question(host, rows, seed: rows))], times.Open);
        answers.Select(answer => answer.Length / host.Config.HiddenSize / 2).ShouldBe([1, 2, 3, 4, 5, 6]);
        times.Batches.ShouldBe([1, 2, 3 + 4 + 5 + 6]);
    }

    [Fact]
    public async Task Run_OfMoreRowsThanABatchHolds_MergesUpToTheBound()
    {
        var times = new WatchedTimes();
        await using var host = Host(new SimulatedDevice(times, times, "test"));
        using var experts = await LoadAsync(host);
        int[] rows = [1, 1, 200, 300, 200, 512];
        await RunAsync(new MergeQueue(host), experts, [.. rows.Select(count => Question(host, count, seed: count))], times.Open);
        times.Batches.ShouldBe([1, 1, 500, 200, 512]);
    }

    [Fact]
    public async Task Run_WhenABatchFails_TellsEverybodyInItAndServesWhoComesAfter()
    {
        var times = new WatchedTimes { FailsAt = 7 };
        await using var host = Host(new SimulatedDevice(times, times, "test"));
        using var experts = await LoadAsync(host);
        var queue = new MergeQueue(host);
        var outstanding = PooledPayload.Outstanding;
        var asked = await _turns.StartNew(() => ((int[])[1, 1, 3, 4]).Select(rows => AskAsync(queue, experts, Question(host, rows, seed: rows))).ToArray());
        times.Open();
        (await asked[0]).ShouldNotBeEmpty();
        (await asked[1]).ShouldNotBeEmpty();
        foreach (var failed in asked[2..])
        {
            (await Should.ThrowAsync<InvalidOperationException>(failed)).Message.ShouldBe("no batch of 7 rows");
        }

        Assert.Single(await RunAsync(queue, experts, [Question(host, 5, seed: 1)])).ShouldNotBeEmpty();
        PooledPayload.Outstanding.ShouldBe(outstanding);
    }

    /// <summary>Asks all in one turn; what the device does begins to end when <paramref name="open"/> is called.</summary>
    private async Task<byte[][]> RunAsync(MergeQueue queue, ExpertGroup experts, Rows[] questions, Action? open = null)
    {
        var asked = await _turns.StartNew(() => questions.Select(question => AskAsync(queue, experts, question)).ToArray());
        open?.Invoke();
        return await Task.WhenAll(asked);
    }

    private static async Task<byte[]> AskAsync(MergeQueue queue, ExpertGroup experts, Rows question)
    {
        using (question)
        {
            using var answer = await queue.RunAsync(experts, question);
            return ((PooledPayload)answer.Payload).Span.ToArray();
        }
    }

    private static ModelHost Host(IDevice device)
    {
        var checkpoint = Checkpoint.Open(ScoutNano.Directory);
        return new ModelHost(
            new HostId("host-0"), checkpoint, device, ComputeMode.Bf16, new SchedulerLimits { ContextMax = checkpoint.Config.MaxPositions }, kvBytes: 1 << 20, progress: null);
    }

    private static ValueTask<ExpertGroup> LoadAsync(ModelHost host) =>
        ExpertGroup.LoadAsync(host.Checkpoint, Layer, 0, host.Config.Experts, host.Device, host.Mode);

    private static Rows Question(ModelHost host, int rows, int seed)
    {
        var random = new Random(seed);
        var payload = PooledPayload.Rent(rows * host.Config.HiddenSize * sizeof(ushort));
        foreach (ref var value in MemoryMarshal.Cast<byte, ushort>(payload.Span))
        {
            value = (ushort)(BitConverter.SingleToUInt32Bits((float)(random.NextDouble() - 0.5)) >> 16);
        }

        int[] experts = [.. Enumerable.Range(0, rows).Select(_ => random.Next(host.Config.Experts))];
        return new Rows(RowsType.BF16, rows, host.Config.HiddenSize, Enumerable.Range(0, rows).ToArray(), experts, payload);
    }

    /// <summary>Notes the batches, and holds all that is on the device until it is opened.</summary>
    private sealed class WatchedTimes : SimulatedTimes, ISimulatedClock
    {
        private readonly TaskCompletionSource _opened = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public List<int> Batches { get; } = [];

        public int FailsAt { get; init; } = -1;

        public long NowNs => 0;

        public void Open() => _opened.TrySetResult();

        public ValueTask UntilAsync(long timeNs) => new(_opened.Task);

        public override double Seconds(in SimulatedOperation operation)
        {
            if (operation.Kind != SimulatedKind.ExpertsIn)
            {
                return 0;
            }

            Batches.Add(operation.Rows);
            return operation.Rows != FailsAt ? 1 : throw new InvalidOperationException($"no batch of {operation.Rows} rows");
        }
    }
}
