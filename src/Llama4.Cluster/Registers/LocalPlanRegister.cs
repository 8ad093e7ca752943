namespace Llama4.Cluster.Registers;

/// <summary>The register of hosts in one process.</summary>
internal sealed class LocalPlanRegister : IPlanRegister
{
    private readonly Lock _gate = new();
    private PlanRecord? _record;

    public Task<PlanRecord?> ReadAsync()
    {
        lock (_gate)
            return Task.FromResult(_record);
    }

    public Task<bool> TrySetAsync(long term, PlanRecord next)
    {
        lock (_gate)
        {
            if ((_record?.Term ?? 0) != term)
                return Task.FromResult(false);
            _record = next;
            return Task.FromResult(true);
        }
    }
}
