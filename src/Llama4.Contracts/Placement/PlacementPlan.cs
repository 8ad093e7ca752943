namespace Llama4.Contracts;

/// <summary>A host's name in the cluster: one silo with one device.</summary>
[GenerateSerializer, Immutable, Alias("llama4.HostId")]
public readonly record struct HostId([property: Id(0)] string Name)
{
    public override string ToString() => Name;
}

/// <summary>Routed experts First..First+Count of one layer, on one host.</summary>
[GenerateSerializer, Immutable, Alias("llama4.ExpertGroupPlacement")]
public sealed record ExpertGroupPlacement(
    [property: Id(0)] int Group, [property: Id(1)] int First, [property: Id(2)] int Count, [property: Id(3)] HostId Host)
{
    /// <summary>Other hosts that hold the same experts loaded, the first to be asked first when <see cref="Host"/> does not answer.</summary>
    [Id(4)]
    public HostId[] Standbys { get; init; } = [];

    /// <summary>Those of its experts that have a second owner, each once.</summary>
    [Id(5)]
    public HotExpert[] Hot { get; init; } = [];
}

/// <summary>An expert that many rows choose: its rows are split between its group's host and a second one, which holds this expert too.</summary>
/// <param name="Expert">As numbered in the layer.</param>
/// <param name="SecondOwner">Not the group's host.</param>
[GenerateSerializer, Immutable, Alias("llama4.HotExpert")]
public sealed record HotExpert([property: Id(0)] int Expert, [property: Id(1)] HostId SecondOwner);

/// <summary>
/// One layer's attention (with norms, router, shared expert or dense feed-forward) and its expert groups; none on dense layers. The group
/// at index i has number i.
/// </summary>
/// <param name="Attention">Of replica 0; of others see <see cref="ReplicaPlacement"/>.</param>
[GenerateSerializer, Immutable, Alias("llama4.LayerPlacement")]
public sealed record LayerPlacement(
    [property: Id(0)] int Layer, [property: Id(1)] HostId Attention, [property: Id(2)] ExpertGroupPlacement[] ExpertGroups);

/// <summary>Which host owns which part of the model. A later plan has a greater epoch.</summary>
/// <param name="Engine">Of replica 0, as is the vocabulary.</param>
[GenerateSerializer, Immutable, Alias("llama4.PlacementPlan")]
public sealed record PlacementPlan(
    [property: Id(0)] long Epoch,
    [property: Id(1)] HostId Engine,
    [property: Id(2)] HostId Vocabulary,
    [property: Id(3)] LayerPlacement[] Layers)
{
    /// <summary>Every full set of attention layers with its engine, vocabulary and stages; replica 0 first. They share the expert groups.</summary>
    [Id(4)]
    public ReplicaPlacement[] Replicas { get; init; } =
        [new ReplicaPlacement(0, Engine, Vocabulary, StagePlacement.Runs([.. Layers.Select(layer => layer.Attention)]))];

    /// <summary>The hosts that the plan was made for, also those it gives nothing. Empty in plans made by hand.</summary>
    [Id(5)]
    public HostId[] Hosts { get; init; } = [];

    /// <summary>Epoch of the plan that was written before this one; 0 for none. Who served another one before has missed what came between.</summary>
    [Id(6)]
    public long Follows { get; init; }
}
