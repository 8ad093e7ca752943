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
    [property: Id(0)] int Group, [property: Id(1)] int First, [property: Id(2)] int Count, [property: Id(3)] HostId Host);

/// <summary>One layer's attention (with norms, router, shared expert or dense feed-forward) and its expert groups; none on dense layers.</summary>
[GenerateSerializer, Immutable, Alias("llama4.LayerPlacement")]
public sealed record LayerPlacement(
    [property: Id(0)] int Layer, [property: Id(1)] HostId Attention, [property: Id(2)] ExpertGroupPlacement[] ExpertGroups);

/// <summary>Which host owns which part of the model. A later plan has a greater epoch.</summary>
[GenerateSerializer, Immutable, Alias("llama4.PlacementPlan")]
public sealed record PlacementPlan(
    [property: Id(0)] long Epoch,
    [property: Id(1)] HostId Engine,
    [property: Id(2)] HostId Vocabulary,
    [property: Id(3)] LayerPlacement[] Layers);
