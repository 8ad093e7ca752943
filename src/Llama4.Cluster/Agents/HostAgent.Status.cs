using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Cluster.Agents;

/// <summary>What this host tells operators of itself and, as the leader, of all others.</summary>
internal sealed partial class HostAgent
{
    /// <param name="watch">What routers choose is counted from now on, for a moment.</param>
    public async Task<HostStatus> StatusAsync(bool watch)
    {
        if (watch)
            _routed.Watch();
        var own = _options.Host;
        return new HostStatus(
            _self, HostCondition.Alive, own.ProcessId, own.Address, own.Roles, own.Zone, _board.Current?.Epoch ?? 0, _parts.WeightBytes,
            own.Bytes, _counts.RowsPerS, await _duties.EnginesAsync())
        {
            RoutedTokens = watch ? await _routed.CountAsync() : null,
        };
    }

    /// <inheritdoc cref="StatusAsync"/>
    public async Task<ClusterStatus> ClusterStatusAsync(bool watch) => new(
        _board.Current?.Epoch ?? 0, _board.Leader ?? _self, _board.Current, Leadership.Waiting,
        await Task.WhenAll(_members.Active.Select(member => StatusOfAsync(member, watch))), _peers.Faults);

    private async Task<HostStatus> StatusOfAsync(HostId id, bool watch)
    {
        var condition = _peers.Condition(id);
        try
        {
            if (condition != HostCondition.Suspected)
                return (id == _self ? await StatusAsync(watch) : await _grains.GetGrain<IHostGrain>(id.Name).StatusAsync(watch)) with { Condition = condition };
        }
        catch (Exception error) when (error is OrleansException or TimeoutException)
        {
            condition = condition == HostCondition.Joining ? condition : HostCondition.Suspected;
        }
        var known = _peers.Find(id);
        return new HostStatus(
            id, condition, known?.ProcessId ?? 0, known?.Address ?? "", known?.Roles ?? HostRoles.None, known?.Zone ?? "", 0, 0, known?.Bytes ?? 0, 0, []);
    }
}
