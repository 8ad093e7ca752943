using Llama4.Cluster.Agents;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Tests.Agents;

public class HostDutiesTests
{
    private static readonly HostId Self = new("a");
    private static readonly HostId Lost = new("b");

    private readonly SlowParts _parts = new();
    private readonly HostDuties _duties;

    // No plan here gives the host attention, so no grain is asked.
    public HostDutiesTests() => _duties = new HostDuties(Self, _parts, new PlanBoard(), null!);

    [Fact]
    public async Task Prepare_OfAnotherPlan_DoesNotWaitForTheLoadUnderWay()
    {
        var first = _duties.PrepareAsync(Plan(2, Self, Lost), CancellationToken.None);
        _parts.Loads.ShouldBe(1);
        _parts.IsQuick = true;

        await _duties.PrepareAsync(Plan(2, Self), CancellationToken.None).WaitAsync(TimeSpan.FromMinutes(1));

        await Should.ThrowAsync<StaleEpochException>(first);
        _parts.Loads.ShouldBe(2);
    }

    [Fact]
    public async Task Prepare_OfAPlanThatWaits_IsSkippedWhenAnotherIsAskedFor()
    {
        var first = _duties.PrepareAsync(Plan(2, Self, Lost), CancellationToken.None);
        _parts.IsDeaf = true;
        var second = _duties.PrepareAsync(Plan(3, Self, Lost), CancellationToken.None);
        var third = _duties.PrepareAsync(Plan(4, Self), CancellationToken.None);
        _parts.IsQuick = true;
        _parts.EndFirst();

        await first.WaitAsync(TimeSpan.FromMinutes(1));
        await Should.ThrowAsync<StaleEpochException>(second);
        await third.WaitAsync(TimeSpan.FromMinutes(1));
        _parts.Loads.ShouldBe(2);
    }

    [Fact]
    public async Task Prepare_OfTheSamePlanAgain_LetsTheLoadEnd()
    {
        var first = _duties.PrepareAsync(Plan(2, Self, Lost), CancellationToken.None);
        var again = _duties.PrepareAsync(Plan(2, Self, Lost), CancellationToken.None);
        _parts.IsQuick = true;
        _parts.EndFirst();

        await Task.WhenAll(first, again).WaitAsync(TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task Prepare_WhenTheHostEnds_SaysSo()
    {
        using var ends = new CancellationTokenSource();
        var first = _duties.PrepareAsync(Plan(2, Self), ends.Token);

        await ends.CancelAsync();

        await Should.ThrowAsync<OperationCanceledException>(first);
    }

    private static PlacementPlan Plan(long epoch, params HostId[] hosts) => new(epoch, Lost, Lost, [new LayerPlacement(0, Lost, [])]) { Hosts = hosts };

    private sealed class SlowParts : IHostParts
    {
        private readonly TaskCompletionSource _first = new();

        public int Loads { get; private set; }

        /// <summary>Loads that begin now.</summary>
        public bool IsQuick { get; set; }

        /// <summary>The load under way does not notice that it is cancelled.</summary>
        public bool IsDeaf { get; set; }

        public long WeightBytes => 0;

        public async Task EnsureAsync(PlacementPlan plan, CancellationToken cancellation)
        {
            Loads++;
            if (IsQuick)
                return;
            using var cancelled = cancellation.Register(() =>
            {
                if (!IsDeaf)
                    _first.TrySetCanceled(cancellation);
            });
            await _first.Task;
        }

        public Task TrimAsync(IReadOnlyList<PlacementPlan> keep) => Task.CompletedTask;

        public void EndFirst() => _first.TrySetResult();
    }
}
