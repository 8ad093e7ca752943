using Llama4.Contracts;

namespace Llama4.Simulation;

/// <summary>Hosts, network, membership and store of one run.</summary>
internal sealed class SimulatedCluster
{
    private readonly Dictionary<HostId, SimulatedHost> _hosts = [];

    public SimulatedCluster(World world, Setting setting, Sabotage sabotage)
    {
        (World, Setting, Sabotage) = (world, setting, sabotage);
        (Network, Store, Membership) = (new Network(world), new SimulatedStore(world, sabotage), new Membership(world));
    }

    public World World { get; }

    public Setting Setting { get; }

    public Sabotage Sabotage { get; }

    public Network Network { get; }

    public SimulatedStore Store { get; }

    public Membership Membership { get; }

    /// <summary>All that ever joined, in that order.</summary>
    public IReadOnlyCollection<SimulatedHost> Hosts => _hosts.Values;

    public SimulatedHost[] Alive => [.. _hosts.Values.Where(host => !host.Process.IsDead)];

    public List<Answer> Answers { get; } = [];

    public SimulatedHost Host(HostId id) => _hosts[id];

    public SimulatedHost Join(HostRoles roles)
    {
        var host = new SimulatedHost(this, new HostId($"h{_hosts.Count}"), roles);
        _hosts.Add(host.Id, host);
        World.Tell($"{host.Id} joins: {roles}");
        return host;
    }

    /// <summary>Clients ask gateways.</summary>
    public void Ask(ClientRequest[] requests, Random64 random)
    {
        SimulatedHost[] gateways = [.. Alive.Where(host => (host.Roles & HostRoles.Gateway) != 0)];
        foreach (var request in requests)
        {
            var answer = new Answer(gateways[random.Next(gateways.Length)], request);
            Answers.Add(answer);
            answer.Gateway.Process.Start(answer.RunAsync);
        }
    }
}
