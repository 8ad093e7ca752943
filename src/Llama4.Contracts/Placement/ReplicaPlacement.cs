namespace Llama4.Contracts;

/// <summary>One replica: where its sequences, its vocabulary and its attention live.</summary>
/// <param name="Stages">In the order of their layers; together they are all layers.</param>
[GenerateSerializer, Immutable, Alias("llama4.ReplicaPlacement")]
public sealed record ReplicaPlacement(
    [property: Id(0)] int Replica,
    [property: Id(1)] HostId Engine,
    [property: Id(2)] HostId Vocabulary,
    [property: Id(3)] StagePlacement[] Stages)
{
    /// <summary>Other hosts that hold the vocabulary loaded, the first to take over first.</summary>
    [Id(4)]
    public HostId[] VocabularyStandbys { get; init; } = [];

    /// <summary>The stage that a layer belongs to.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such layer.</exception>
    public StagePlacement StageOf(int layer)
    {
        foreach (var stage in Stages)
        {
            if (layer >= stage.FirstLayer && layer < stage.FirstLayer + stage.Layers)
            {
                return stage;
            }
        }

        throw new ArgumentOutOfRangeException(nameof(layer), layer, $"replica {Replica} has no such layer");
    }
}

/// <summary>Layers FirstLayer..FirstLayer+Layers, whose attention lives on one host, with the coordinator that drives them.</summary>
[GenerateSerializer, Immutable, Alias("llama4.StagePlacement")]
public sealed record StagePlacement(
    [property: Id(0)] int Stage, [property: Id(1)] int FirstLayer, [property: Id(2)] int Layers, [property: Id(3)] HostId Host)
{
    /// <summary>Other hosts that hold the stage's weights loaded, without keys and values; the first to take over first.</summary>
    [Id(4)]
    public HostId[] Standbys { get; init; } = [];

    /// <summary>A stage for each run of consecutive layers with the same owner.</summary>
    /// <param name="owners">The host of every layer's attention.</param>
    public static StagePlacement[] Runs(ReadOnlySpan<HostId> owners)
    {
        var stages = new List<StagePlacement>();
        for (var first = 0; first < owners.Length;)
        {
            var end = first + 1;
            while (end < owners.Length && owners[end] == owners[first])
            {
                end++;
            }

            stages.Add(new StagePlacement(stages.Count, first, end - first, owners[first]));
            first = end;
        }

        return [.. stages];
    }
}
