using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Agents;

/// <summary>
/// What a leader asks of a host on the way from one plan to the next, in this order: prepare, move KV, pause, commit, resume, release. Each may be asked again.
/// </summary>
internal sealed class HostDuties(HostId self, IHostParts parts, PlanBoard board, IGrainFactory grains)
{
    private readonly TaskCompletionSource _serving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Loading and letting go take turns: what a coming plan needs is not let go because the present one does not.</summary>
    private readonly SemaphoreSlim _turn = new(1);
    private readonly HashSet<(int Replica, int Layer)> _attention = [];

    /// <summary>The plan before the one in force.</summary>
    private PlacementPlan? _before;

    /// <summary>The last plan that was prepared.</summary>
    private PlacementPlan? _prepared;

    /// <summary>The last plan that was asked for, and the end of the load under way if that is for another.</summary>
    private volatile PlacementPlan? _asked;
    private volatile CancellationTokenSource? _loading;

    /// <summary>Completes when a plan is in force here for the first time.</summary>
    public Task Serving => _serving.Task;

    /// <summary>Nothing will be served: whoever waits for it is told why.</summary>
    public void Fail(Exception reason) => _serving.TrySetException(reason);

    /// <summary>Loads what the plan gives to this host, beside what it has. A load for another plan gives way: what was whole by then stays.</summary>
    /// <exception cref="StaleEpochException">Another plan was asked for meanwhile.</exception>
    public async Task PrepareAsync(PlacementPlan plan, CancellationToken cancellation)
    {
        if (_asked is not { } before || !IsSame(before, plan))
        {
            _asked = plan;
            GiveWay();
        }
        await _turn.WaitAsync();
        try
        {
            cancellation.ThrowIfCancellationRequested();
            using var loading = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
            _loading = loading;
            if (!IsSame(_asked, plan))
                throw Superseded();
            _prepared = plan;
            try
            {
                await parts.EnsureAsync(plan, loading.Token);
            }
            catch (OperationCanceledException) when (loading.IsCancellationRequested && !cancellation.IsCancellationRequested)
            {
                throw Superseded();
            }
            foreach (var (replica, layer) in AttentionOf(plan))
            {
                await grains.GetAttention(replica, layer, self).PrepareAsync();
                _attention.Add((replica, layer));
            }
        }
        finally
        {
            _loading = null;
            _turn.Release();
        }

        // Two plans for one epoch, neither of which was written, differ in their hosts: one of the first was lost.
        static bool IsSame(PlacementPlan one, PlacementPlan other) => one.Epoch == other.Epoch && one.Hosts.SequenceEqual(other.Hosts);

        StaleEpochException Superseded() => new($"host {self}, asked for another plan,", _asked!.Epoch, plan.Epoch);
    }

    private void GiveWay()
    {
        try
        {
            _loading?.Cancel();
        }
        catch (ObjectDisposedException)
        {
            // It has just ended by itself.
        }
    }

    public Task MoveKvAsync(PlacementPlan next) =>
        Task.WhenAll(EnginesOf(board.Current).Select(replica => grains.GetEngine(replica, self).MoveKvAsync(next).AsTask()));

    /// <summary>What is held for replicas whose engine the next plan gives to another host.</summary>
    public async Task<HeldKv[]> PauseAsync(PlacementPlan next, bool abandon)
    {
        var held = await Task.WhenAll(EnginesOf(board.Current).Select(replica => grains.GetEngine(replica, self).PauseAsync(next, abandon).AsTask()));
        return [.. held.OfType<HeldKv>()];
    }

    public void Commit(PlacementPlan plan)
    {
        var current = board.Current;
        board.Publish(plan);
        if (current?.Epoch != plan.Epoch)
            _before = current;
    }

    /// <summary>Engines of the plan go on; those of the plan before that are not in it end.</summary>
    public async Task ResumeAsync(long epoch, HeldKv[] held)
    {
        if (board.Current?.Epoch != epoch)
            throw new StaleEpochException($"host {self}", board.Current?.Epoch ?? 0, epoch);
        foreach (var replica in EnginesOf(board.Current).Union(EnginesOf(_before)))
            await grains.GetEngine(replica, self).ResumeAsync(epoch, Array.Find(held, kv => kv.Replica == replica));
        _serving.TrySetResult();
    }

    /// <summary>What neither the plan in force nor one that is coming gives to this host is let go.</summary>
    public async Task ReleaseAsync(long epoch)
    {
        await _turn.WaitAsync();
        try
        {
            if (board.Current is not { } plan || plan.Epoch != epoch)
                return;
            PlacementPlan[] keep = _prepared is { } next && next.Epoch > epoch ? [plan, next] : [plan];
            foreach (var (replica, layer) in _attention.Except(keep.SelectMany(AttentionOf)).ToList())
            {
                await grains.GetAttention(replica, layer, self).ReleaseAsync();
                _attention.Remove((replica, layer));
            }
            await parts.TrimAsync(keep);
        }
        finally
        {
            _turn.Release();
        }
    }

    /// <summary>Of the engines that this host runs.</summary>
    public async Task<EngineStatus[]> EnginesAsync()
    {
        var statuses = new List<EngineStatus>();
        foreach (var replica in EnginesOf(board.Current))
            statuses.Add(await grains.GetEngine(replica, self).StatusAsync());
        return [.. statuses];
    }

    private IEnumerable<int> EnginesOf(PlacementPlan? plan) =>
        (plan?.Replicas ?? []).Where(replica => replica.Engine == self).Select(replica => replica.Replica);

    private IEnumerable<(int Replica, int Layer)> AttentionOf(PlacementPlan? plan) =>
        (plan?.Replicas ?? []).SelectMany(replica => replica.Stages.Where(stage => stage.Host == self)
            .SelectMany(stage => Enumerable.Range(stage.FirstLayer, stage.Layers).Select(layer => (replica.Replica, layer))));
}
