using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What a plan is made from. The same request gives the same plan, whatever the order of its hosts.</summary>
public sealed record PlacementRequest(ModelShape Shape, IReadOnlyList<HostCapacity> Hosts, PlanWork Work, long Epoch)
{
    /// <summary>Full sets of attention layers, each with its own keys and values.</summary>
    public int Replicas { get; init; } = 1;

    /// <summary>Further hosts that hold each expert group loaded; and each stage and vocabulary, as far as there is room.</summary>
    public int Standbys { get; init; }

    /// <summary>Groups that a layer's experts are cut into where one host owns them all; more hosts have a group each.</summary>
    public int GroupsOnOneHost { get; init; } = 1;

    /// <summary>The plan in force. What it gives to hosts that are still there stays there, as far as it fits; null plans anew.</summary>
    public PlacementPlan? Previous { get; init; }

    /// <summary>
    /// A host is gone and everybody waits: as little as possible is loaded before this plan can serve. What the host owned goes to those that
    /// have it loaded; there are no standbys but those that are left, and newcomers get nothing unless it does not do without them (the plan's
    /// <see cref="PlacementPlan.Hosts"/> do not name them). A plan without haste that follows this one makes up for it.
    /// </summary>
    public bool InHaste { get; init; }

    /// <summary>Experts that are to have a second owner, as far as there is a host with room; the first of them first.</summary>
    public IReadOnlyCollection<ExpertOfLayer> Hot { get; init; } = [];

    /// <summary>What was measured: a plan made anew cuts each layer's experts by it. Null for nothing: routing is taken as even.</summary>
    public ExpertRates? Rates { get; init; }

    /// <summary>A plan that follows another cuts each layer's experts by what was measured too, as far as there is room: boundaries between ranges move.</summary>
    public bool MovesRanges { get; init; }
}

/// <summary>What is to be served.</summary>
/// <param name="Context">Positions of a sequence.</param>
/// <param name="Sequences">At once, over all replicas.</param>
/// <param name="Kv">Of each replica.</param>
public sealed record PlanWork(int Context, int Sequences, KvPositions Kv)
{
    /// <summary>Most rows of a micro-batch, for the buffers: prefill chunks and decodes.</summary>
    public int RowsMax { get; init; } = 512;
}

/// <summary>Positions that the pool of every layer holds.</summary>
/// <param name="Chunked">On layers whose attention is cut into chunks.</param>
/// <param name="Full">On layers that see everything.</param>
public readonly record struct KvPositions(long Chunked, long Full)
{
    public static KvPositions Of(KvSizes sizes) =>
        new((long)sizes.ChunkedBlocks * sizes.BlockPositions, (long)sizes.FullBlocks * sizes.BlockPositions);

    /// <summary>Bytes of a layer's pool.</summary>
    public long Bytes(LayerShape layer) => layer.KvPositionBytes * (layer.Chunk is null ? Full : Chunked);
}
