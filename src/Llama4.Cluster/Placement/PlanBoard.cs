using Llama4.Contracts;

namespace Llama4.Cluster.Placement;

/// <summary>The plan in force, as one host knows it: <see cref="PlanGrain"/> writes it, placement and routing read it.</summary>
internal sealed class PlanBoard
{
    private PlacementPlan? _current;

    /// <exception cref="InvalidOperationException">No plan has been published yet.</exception>
    public PlacementPlan Current =>
        Volatile.Read(ref _current) ?? throw new InvalidOperationException("this host has no placement plan yet: a grain was called before the plan was published");

    /// <exception cref="InvalidOperationException">The plan is not newer than the one in force.</exception>
    public void Publish(PlacementPlan plan)
    {
        var before = Volatile.Read(ref _current);
        if (before is not null && plan.Epoch <= before.Epoch)
            throw new InvalidOperationException($"plan epoch {plan.Epoch} was published after epoch {before.Epoch}: epochs must grow");
        Volatile.Write(ref _current, plan);
    }

    /// <summary>The plan of this epoch, for a grain that is told to load it.</summary>
    /// <exception cref="StaleEpochException">Another epoch is in force here.</exception>
    public PlacementPlan Require(long epoch, string target)
    {
        var plan = Current;
        return plan.Epoch == epoch ? plan : throw new StaleEpochException(target, plan.Epoch, epoch);
    }

    /// <summary>The host that owns a grain.</summary>
    /// <param name="type">One of <see cref="GrainNames"/>.</param>
    /// <param name="key">The grain's key.</param>
    public HostId OwnerOf(string type, string key)
    {
        if (type == GrainNames.Hop)
            return new HostId(key);
        var plan = Current;
        return type switch
        {
            GrainNames.Engine or GrainNames.Coordinator => plan.Engine,
            GrainNames.Vocabulary => plan.Vocabulary,
            GrainNames.Attention => plan.Layers[GrainNames.Split(key).Second].Attention,
            GrainNames.ExpertGroup => GroupOwner(plan, key),
            _ => throw new ArgumentException($"grains of type '{type}' are not placed by the plan", nameof(type)),
        };
    }

    private static HostId GroupOwner(PlacementPlan plan, string key)
    {
        var (layer, group) = GrainNames.Split(key);
        return plan.Layers[layer].ExpertGroups[group].Host;
    }
}
