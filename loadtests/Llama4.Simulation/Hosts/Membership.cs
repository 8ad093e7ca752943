using Llama4.Cluster.Agents;
using Llama4.Contracts;

namespace Llama4.Simulation;

/// <summary>Who has joined and was not declared dead. Every host hears of a change at another moment.</summary>
internal sealed class Membership(World world)
{
    private static readonly TimeSpan HeardWithin = TimeSpan.FromMilliseconds(300);

    private readonly List<View> _views = [];
    private HostId[] _active = [];

    public IMembers Join(HostId host, SimulatedProcess process)
    {
        var view = new View(process);
        _views.Add(view);
        Set([.. _active.Append(host).OrderBy(id => id.Name, StringComparer.Ordinal)]);
        view.Active = _active;
        return view;
    }

    public bool Has(HostId host) => Array.IndexOf(_active, host) >= 0;

    public void Leave(HostId host) => Set([.. _active.Where(other => other != host)]);

    private void Set(HostId[] active)
    {
        _active = active;
        foreach (var view in _views)
            world.After(world.Random.Between(TimeSpan.Zero, HeardWithin), view.Process, _ => view.Active = _active);
    }

    private sealed class View(SimulatedProcess process) : IMembers
    {
        public SimulatedProcess Process => process;

        public HostId[] Active { get; set; } = [];

        public void Renew(HostId host, TimeSpan silent)
        {
            // Messages here go without connections.
        }
    }
}
