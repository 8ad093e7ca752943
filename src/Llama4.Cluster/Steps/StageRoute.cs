using Llama4.Cluster.Experts;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Placement;
using Llama4.Contracts;

namespace Llama4.Cluster.Steps;

/// <summary>Where one stage's rows go under one plan: through its layers, then to the next stage or to the vocabulary.</summary>
internal sealed class StageRoute
{
    public StageRoute(PlacementPlan plan, int replica, int stage, ModelHost host, PlanBoard board, IGrainFactory grains, ExpertCalls calls, ExpertCounts counts)
    {
        Epoch = plan.Epoch;
        var placement = plan.Replicas[replica];
        var own = placement.Stages[stage];
        if (own.Host != host.Id)
            throw new InvalidOperationException($"stage {stage} of replica {replica} belongs to {own.Host} in plan epoch {plan.Epoch}, not to {host.Id}");
        (Stages, FirstLayer) = (placement.Stages.Length, own.FirstLayer);
        VocabularyHost = placement.Vocabulary;
        Vocabulary = grains.GetVocabulary(placement.Vocabulary);
        IsVocabularyHere = placement.Vocabulary == host.Id;
        if (stage + 1 < placement.Stages.Length)
            (NextHost, Next) = (placement.Stages[stage + 1].Host, grains.GetCoordinator(replica, stage + 1, placement.Stages[stage + 1].Host));
        RoutedLayers = [.. plan.Layers.Skip(own.FirstLayer).Take(own.Layers).Where(layer => layer.ExpertGroups.Length > 0).Select(layer => layer.Layer)];
        Layers = [.. plan.Layers.Skip(own.FirstLayer).Take(own.Layers).Select(layer => new ExpertDispatch(host, board, grains, replica, layer, calls, counts))];
    }

    public long Epoch { get; }

    /// <summary>Of the replica.</summary>
    public int Stages { get; }

    /// <summary>Of the stage.</summary>
    public int FirstLayer { get; }

    public IVocabularyGrain Vocabulary { get; }

    public HostId VocabularyHost { get; }

    public bool IsVocabularyHere { get; }

    /// <summary>Of <see cref="Next"/>.</summary>
    public HostId NextHost { get; }

    /// <summary>Null for the last stage.</summary>
    public ICoordinatorGrain? Next { get; }

    public ExpertDispatch[] Layers { get; }

    /// <summary>Numbers of the layers that have a router.</summary>
    public int[] RoutedLayers { get; }
}
