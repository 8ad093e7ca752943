using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Cluster.Registers;
using Llama4.Contracts;
using Llama4.Model;
using Llama4.Scheduling;
using Microsoft.Extensions.Logging;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>Temporary.</summary>
internal sealed class HostAgent(
    HostAgentOptions options, ModelHost host, PlanBoard board, IGrainFactory grains, IClusterMembershipService membership, ILogger<HostAgent> logger) : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly Dictionary<HostId, HostDescription> _known = [];

    public HostDescription Description => options.Host;

    public void Start() => _ = RunAsync();

    private async Task RunAsync()
    {
        while (!_stop.IsCancellationRequested)
        {
            await Task.Delay(50);
            board.Tick();
            try
            {
                var members = membership.CurrentSnapshot.Members.Values.Where(member => member.Status == SiloStatus.Active).Select(member => new HostId(member.Name)).OrderBy(id => id.Name, StringComparer.Ordinal).ToArray();
                if (members.Length < options.HostsMin || members.Length == 0)
                    continue;
                board.Follow(members[0]);
                if (members[0] != host.Id)
                {
                    await grains.GetGrain<IHostGrain>(members[0].Name).AnswerAsync(new HostAnswer(0, 0, options.Host, null));
                    continue;
                }
                _known[host.Id] = options.Host;
                if (!members.All(_known.ContainsKey) || (board.Current is { } now && now.Hosts.ToHashSet().SetEquals(members)))
                    continue;
                var work = new PlanWork(host.Limits.ContextMax, host.Limits.SequencesMax, KvPositions.Of(host.Kv)) { RowsMax = host.Limits.TokensPerStepMax };
                var plan = PlacementPlanner.Plan(new PlacementRequest(
                    ModelShapes.Of(host.Config, host.Mode.Activations()), [.. members.Select(id => _known[id].Capacity)], work, (board.Current?.Epoch ?? 0) + 1)
                {
                    GroupsOnOneHost = options.ExpertGroups, Replicas = options.Replicas, Standbys = members.Length > options.Standbys ? options.Standbys : 0, Previous = board.Current,
                });
                foreach (var id in members)
                    await grains.GetGrain<IHostGrain>(id.Name).PrepareAsync(0, plan);
                foreach (var id in members)
                    await grains.GetGrain<IHostGrain>(id.Name).CommitAsync(0, plan);
                foreach (var id in plan.Replicas.Select(replica => replica.Engine).Distinct())
                    await grains.GetGrain<IHostGrain>(id.Name).ResumeAsync(0, plan.Epoch);
                _serving.TrySetResult();
            }
            catch (Exception error)
            {
                logger.LogWarning(error, "agent");
                _serving.TrySetException(error);
            }
        }
    }

    private readonly TaskCompletionSource _serving = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public Task ServingAsync(CancellationToken cancellation) => _serving.Task.WaitAsync(cancellation);

    public ValueTask HearBeat(LeaderBeat beat) => ValueTask.CompletedTask;

    public ValueTask HearAnswer(HostAnswer answer)
    {
        lock (_known)
            _known[answer.Host.Host] = answer.Host;
        return ValueTask.CompletedTask;
    }

    public bool HearsLeader(long term) => true;

    public async Task PrepareAsync(long term, PlacementPlan plan)
    {
        await host.Weights.EnsureAsync(plan, _stop.Token);
        foreach (var replica in plan.Replicas)
        {
            foreach (var stage in replica.Stages.Where(stage => stage.Host == host.Id))
            {
                for (var layer = stage.FirstLayer; layer < stage.FirstLayer + stage.Layers; layer++)
                    await grains.GetAttention(replica.Replica, layer, host.Id).PrepareAsync();
            }
        }
    }

    public Task PauseAsync(long term, long epoch, bool abandon) => Task.CompletedTask;

    public Task CommitAsync(long term, PlacementPlan plan)
    {
        board.Publish(plan);
        return Task.CompletedTask;
    }

    public async Task ResumeAsync(long term, long epoch)
    {
        foreach (var replica in board.Current!.Replicas.Where(replica => replica.Engine == host.Id))
            await grains.GetEngine(replica.Replica, host.Id).ResumeAsync(epoch);
    }

    public Task ReleaseAsync(long term, long epoch) => Task.CompletedTask;

    public Task<HostStatus> StatusAsync() => throw new NotSupportedException();

    public Task<ClusterStatus> ClusterStatusAsync() => throw new NotSupportedException();

    public Task DrainAsync(HostId host) => throw new NotSupportedException();

    public Task<long> RebalanceAsync() => throw new NotSupportedException();

    public Task LeaveAsync(TimeSpan limit, CancellationToken cancellation) => Task.CompletedTask;

    public ValueTask DisposeAsync()
    {
        _stop.Cancel();
        return ValueTask.CompletedTask;
    }
}
