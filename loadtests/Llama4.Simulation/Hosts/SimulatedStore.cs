using Llama4.Cluster.Registers;

namespace Llama4.Simulation;

/// <summary>The plan register's store: one record, changed by compare-and-set, that may be away for a while.</summary>
internal sealed class SimulatedStore(World world, Sabotage sabotage)
{
    private PlanRecord? _record;

    public SimulatedProcess Process { get; } = new(world, "store");

    public bool IsAway { get; set; }

    public PlanRecord? Read() => IsAway ? throw new TimeoutException("the store is away") : _record;

    public bool TrySet(long term, PlanRecord next)
    {
        if (IsAway)
            throw new TimeoutException("the store is away");
        if ((_record?.Term ?? 0) != term && sabotage != Sabotage.SplitRegister)
            return false;
        if (next.Term <= (_record?.Term ?? 0))
            world.Fail($"the register went from term {_record?.Term} to {next.Term}");
        _record = next;
        return true;
    }
}

/// <summary>The store as one host reaches it.</summary>
internal sealed class SimulatedRegister(Network network, SimulatedProcess process, SimulatedStore store) : IPlanRegister
{
    private static readonly TimeSpan Limit = TimeSpan.FromMilliseconds(500);

    public Task<PlanRecord?> ReadAsync() => network.AskAsync(process, store.Process, Limit, () => Task.FromResult(store.Read()));

    public Task<bool> TrySetAsync(long term, PlanRecord next) => network.AskAsync(process, store.Process, Limit, () => Task.FromResult(store.TrySet(term, next)));
}
