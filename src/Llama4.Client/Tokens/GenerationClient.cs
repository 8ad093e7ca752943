using System.Collections.Concurrent;
using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>A front end's way into the cluster: chooses a replica for each request and hears its chunks, whichever host has the engine at the time.</summary>
/// <param name="wayTo">How the engine of a replica is reached: through doors by a client, straight by a host of the cluster.</param>
internal sealed class GenerationClient(Func<int, IEngineWay> wayTo, IPlanSource plans, TimeProvider? clock = null) : IGenerationClient, IDisposable
{
    private readonly ConcurrentDictionary<int, EngineLink> _links = [];
    private readonly CancellationTokenSource _closed = new();

    /// <summary>A process with front ends tells of their failovers from its start.</summary>
    static GenerationClient() => FailoverMeter.Begin();

    public async ValueTask<(SubmitResult Result, IGeneration? Generation)> SubmitAsync(GenerateRequest request, CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        if (_closed.IsCancellationRequested)
            return (new SubmitResult(SubmitStatus.Unavailable, "The cluster is shutting down.", RetryAfterSeconds: 1), null);
        if (plans.Plan is not { } plan)
            return (new SubmitResult(SubmitStatus.Unavailable, "The cluster has no plan yet: too few hosts have joined, or they are loading.", RetryAfterSeconds: 1), null);
        return await LeastBusy(plan).SubmitAsync(request, cancellation);
    }

    /// <summary>The sums over all replicas.</summary>
    public async ValueTask<EngineStatus> StatusAsync(CancellationToken cancellation)
    {
        cancellation.ThrowIfCancellationRequested();
        var statuses = await Task.WhenAll((plans.Plan?.Replicas ?? []).Select(replica => wayTo(replica.Replica).StatusAsync(replica.Engine)));
        return statuses.Aggregate(new EngineStatus(0, 0, 0, 0, 0, 0, 0), (sum, one) => new EngineStatus(
            sum.Running + one.Running, sum.Waiting + one.Waiting, sum.KvBlocksUsed + one.KvBlocksUsed, sum.KvBlocks + one.KvBlocks,
            sum.TokensGenerated + one.TokensGenerated, sum.PromptTokens + one.PromptTokens, sum.CachedTokens + one.CachedTokens));
    }

    /// <summary>The cluster goes away: whoever still waits is told.</summary>
    public void Dispose()
    {
        if (_closed.IsCancellationRequested)
            return;
        _closed.Cancel();
        foreach (var link in _links.Values)
            link.EndAll("The cluster is shutting down.");
    }

    private EngineLink LeastBusy(PlacementPlan plan) =>
        plan.Replicas.Select(replica => _links.GetOrAdd(replica.Replica, number => new EngineLink(wayTo(number), plans, number, clock ?? TimeProvider.System, _closed.Token))).MinBy(link => link.Open)!;
}
