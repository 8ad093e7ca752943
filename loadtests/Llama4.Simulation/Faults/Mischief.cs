using Llama4.Cluster.Agents;
using Llama4.Contracts;
using Orleans.Runtime;

namespace Llama4.Simulation;

/// <summary>Carries faults out.</summary>
internal sealed class Mischief(SimulatedCluster cluster)
{
    /// <summary>Membership declares a silent host dead within these.</summary>
    private static readonly TimeSpan DeadAfterLeast = TimeSpan.FromSeconds(1);
    private static readonly TimeSpan DeadAfterMost = TimeSpan.FromSeconds(5);
    private const int TimesSlower = 20;
    private const int PerMille = 100;

    private readonly World _world = cluster.World;
    private readonly HashSet<SimulatedHost> _leaving = [];
    private int _lasting;

    /// <summary>Nothing goes on any more.</summary>
    public bool IsOver => _lasting == 0;

    public void Plan(IEnumerable<Fault> faults)
    {
        foreach (var fault in faults)
        {
            _lasting++;
            _world.After(TimeSpan.FromMilliseconds(fault.AtMs), () => Begin(fault));
        }
    }

    private void Begin(Fault fault)
    {
        SimulatedHost[] alive = [.. cluster.Alive.Where(host => !host.Process.IsFrozen)];
        if (alive.Length < 2)
        {
            _lasting--;
            return;
        }
        var host = alive[fault.Host % alive.Length];
        var others = alive.Where(other => other != host).ToArray();
        var lasts = TimeSpan.FromMilliseconds(fault.ForMs);
        _world.Tell($"FAULT {fault.Kind} {host.Id} for {fault.ForMs} ms");
        switch (fault.Kind)
        {
            case FaultKind.Kill when MayGo(host):
                Kill(host);
                End(TimeSpan.Zero, () => { });
                break;
            case FaultKind.Kill or FaultKind.Restart:
                Kill(host);
                End(lasts, () => cluster.Join(host.Roles));
                break;
            case FaultKind.Freeze:
                Freeze(host, lasts);
                break;
            case FaultKind.Cut or FaultKind.CutIn or FaultKind.CutOut:
                foreach (var other in others)
                    Cut(host, other, fault.Kind);
                End(lasts, cluster.Network.Heal);
                break;
            case FaultKind.CutPair:
                Cut(host, others[fault.ForMs % others.Length], FaultKind.Cut);
                End(lasts, cluster.Network.Heal);
                break;
            case FaultKind.Split:
                foreach (var one in alive.Where((_, i) => i % 2 == 0))
                {
                    foreach (var other in alive.Where((_, i) => i % 2 == 1))
                        Cut(one, other, FaultKind.Cut);
                }
                End(lasts, cluster.Network.Heal);
                break;
            case FaultKind.Slow:
                host.Process.Slowness = TimesSlower;
                End(lasts, () => host.Process.Slowness = 1);
                break;
            case FaultKind.Far:
                cluster.Network.Far.Add(host.Process);
                End(lasts, () => cluster.Network.Far.Remove(host.Process));
                break;
            case FaultKind.Store:
                cluster.Store.IsAway = true;
                End(lasts, () => cluster.Store.IsAway = false);
                break;
            case FaultKind.Loss:
                cluster.Network.LostPerMille = PerMille;
                End(lasts, () => cluster.Network.LostPerMille = 0);
                break;
            case FaultKind.Lag:
                cluster.Network.LaggingPerMille = PerMille;
                End(lasts, () => cluster.Network.LaggingPerMille = 0);
                break;
            case FaultKind.Double:
                cluster.Network.DoubledPerMille = PerMille;
                End(lasts, () => cluster.Network.DoubledPerMille = 0);
                break;
            case FaultKind.Join:
                cluster.Join(host.Roles);
                End(TimeSpan.Zero, () => { });
                break;
            case FaultKind.Drain:
                Drain(host);
                break;
            case FaultKind.Rebalance:
                host.Process.Start(() => RebalanceAsync(host));
                End(TimeSpan.Zero, () => { });
                break;
        }
    }

    /// <summary>The others can do without it.</summary>
    private bool MayGo(SimulatedHost host)
    {
        var rest = cluster.Alive.Where(other => other != host && !other.Process.IsFrozen && !_leaving.Contains(other)).Aggregate(HostRoles.None, (roles, other) => roles | other.Roles);
        return (rest & HostRoles.Any) == HostRoles.Any;
    }

    private void Cut(SimulatedHost host, SimulatedHost other, FaultKind kind)
    {
        if (kind != FaultKind.CutIn)
            cluster.Network.Cut(host.Process, other.Process);
        if (kind != FaultKind.CutOut)
            cluster.Network.Cut(other.Process, host.Process);
    }

    private void Kill(SimulatedHost host)
    {
        host.Process.Die();
        _world.After(_world.Random.Between(DeadAfterLeast, DeadAfterMost), () => cluster.Membership.Leave(host.Id));
    }

    /// <summary>One that stands still for too long is declared dead, and ends itself when it wakes up.</summary>
    private void Freeze(SimulatedHost host, TimeSpan lasts)
    {
        var declared = _world.Random.Between(DeadAfterLeast, DeadAfterMost);
        if (declared < lasts && MayGo(host))
            _world.After(declared, () => cluster.Membership.Leave(host.Id));
        host.Process.Freeze();
        End(lasts, () =>
        {
            if (!cluster.Membership.Has(host.Id))
                host.Process.Die();
            host.Process.Thaw();
        });
    }

    /// <summary>As on SIGTERM.</summary>
    private void Drain(SimulatedHost host)
    {
        if (!MayGo(host))
        {
            _lasting--;
            return;
        }
        _leaving.Add(host);
        host.Process.Start(async () =>
        {
            await host.Agent.LeaveAsync(TimeSpan.FromSeconds(8), CancellationToken.None);
            _world.Tell($"{host.Id} has drained");
            // Clients that still wait for its gateway get their answers first.
            while (cluster.Answers.Any(answer => answer.Gateway == host && !answer.HasEnded))
                await Task.Delay(TimeSpan.FromMilliseconds(20), host.Process.Clock);
            cluster.Membership.Leave(host.Id);
            host.Process.Die();
        });
        End(TimeSpan.FromSeconds(1), () => { });
    }

    private static async Task RebalanceAsync(SimulatedHost host)
    {
        try
        {
            await host.Grains.GetGrain<IHostGrain>((host.Board.Leader ?? host.Id).Name).RebalanceAsync();
        }
        catch (Exception error) when (error is ClusterRequestException or OrleansException or TimeoutException)
        {
            // An operator would ask again.
        }
    }

    private void End(TimeSpan lasts, Action end) => _world.After(lasts, () =>
    {
        end();
        _lasting--;
    });
}
