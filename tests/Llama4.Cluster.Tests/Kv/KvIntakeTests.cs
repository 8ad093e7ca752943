using System.Reflection;
using Llama4.Cluster.Kv;
using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Kv;

/// <summary>Blocks come late, out of order or under another plan, and are not written then.</summary>
public class KvIntakeTests
{
    private static readonly HostId Host = new("old");
    private readonly PlanBoard _board = new();
    private readonly Queue<TaskCompletionSource<Rows>> _reads = [];
    private readonly List<int> _written = [];
    private readonly KvIntake _intake;

    public KvIntakeTests()
    {
        _board.Publish(Plan(3));
        _intake = new KvIntake(0, 0, _board, Grains.With(new Layer(_reads)), TimeProvider.System, (blocks, _) => _written.AddRange(blocks));
    }

    [Fact]
    public async Task Pull_OfBlocks_WritesThem()
    {
        var pulling = PullAsync(order: 1, 4, 5);
        Answer();

        (await pulling).ShouldBe(await PullAsync(order: 2)); // the same memory
        _written.ShouldBe([4, 5]);
    }

    [Fact]
    public async Task Pull_OvertakenByALaterOne_WritesNothing()
    {
        var first = PullAsync(order: 1, 4);
        var second = PullAsync(order: 2, 4);
        Answer();
        Answer();

        await Should.ThrowAsync<OperationCanceledException>(first);
        await second;
        _written.ShouldBe([4]);
    }

    [Fact]
    public async Task Pull_ThatComesAfterALaterOne_IsRefused()
    {
        await PullAsync(order: 2);

        await Should.ThrowAsync<OperationCanceledException>(PullAsync(order: 1, 4));
        _reads.ShouldBeEmpty();
    }

    [Fact]
    public async Task Pull_WhoseBlocksComeUnderTheNextPlan_WritesNothing()
    {
        var pulling = PullAsync(order: 1, 4);
        _board.Publish(Plan(4));
        Answer();

        await Should.ThrowAsync<StaleEpochException>(pulling);
        _written.ShouldBeEmpty();
    }

    private Task<Guid> PullAsync(long order, params int[] blocks) => _intake.TakeAsync(new KvPull(3, order, Host, blocks)).AsTask();

    private void Answer() => _reads.Dequeue().SetResult(new Rows(RowsType.BF16, 1, 1, default, default, PooledPayload.Rent(2)));

    private static PlacementPlan Plan(long epoch) => new(epoch, Host, Host, [new LayerPlacement(0, Host, [])]);

    /// <summary>The old host's layer: its answers come when the test wants.</summary>
    private sealed class Layer(Queue<TaskCompletionSource<Rows>> reads) : IAttentionGrain
    {
        public ValueTask<Rows> ReadKvAsync(long epoch, int[] blocks)
        {
            reads.Enqueue(new TaskCompletionSource<Rows>(TaskCreationOptions.RunContinuationsAsynchronously));
            return new ValueTask<Rows>(reads.Last().Task);
        }

        public ValueTask<Guid> PullKvAsync(KvPull pull) => throw new NotSupportedException();

        public ValueTask PrepareAsync() => throw new NotSupportedException();

        public ValueTask AttendAsync(HostStep step) => throw new NotSupportedException();

        public ValueTask FeedForwardAsync(HostStep step) => throw new NotSupportedException();

        public ValueTask ReleaseAsync() => throw new NotSupportedException();
    }

    /// <summary>One grain, whatever is asked for.</summary>
    public class Grains : DispatchProxy
    {
        private object _grain = null!;

        public static IGrainFactory With(object grain)
        {
            var grains = Create<IGrainFactory, Grains>();
            ((Grains)(object)grains)._grain = grain;
            return grains;
        }

        protected override object Invoke(MethodInfo? targetMethod, object?[]? args) => _grain;
    }
}
