using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Simulation;

/// <summary>The cluster of one run: who joins at the start, and what all of them are to serve.</summary>
/// <param name="Roles">Of each host.</param>
internal sealed record Setting(HostRoles[] Roles, int Replicas, int Standbys)
{
    private const int Context = 96;
    private const long Unit = 1 << 20;

    public static readonly SchedulerLimits Limits = new()
    {
        ContextMax = Context, TokensPerStepMax = 24, SequencesMax = 8, PrefillChunkMax = 12, QueueMax = 16, MicroBatchesMax = 4,
    };

    /// <summary>Quick to give a second owner and to take it back: runs are short.</summary>
    public static readonly ExpertLoadLimits Load = new() { HotLooks = 10, HotRowsPerS = 50, CoolRowsPerS = 20, CoolFor = TimeSpan.FromMilliseconds(300) };

    /// <summary>Less than all sequences could use: some are preempted.</summary>
    public static readonly KvSizes Kv = new(Arithmetic.BlockPositions, Arithmetic.ChunkPositions, ChunkedBlocks: 20, FullBlocks: 56);

    /// <summary>Small pages: many of them, with something happening between.</summary>
    public static readonly KvLayers Layers = new([.. Enumerable.Range(0, Arithmetic.Layers).Select(Arithmetic.IsChunked)], PageBlocks: 2);

    public static readonly PlanWork Work = new(Context, Limits.SequencesMax, KvPositions.Of(Kv)) { RowsMax = Limits.TokensPerStepMax };

    public static readonly ModelShape Shape = new(
        [.. Enumerable.Range(0, Arithmetic.Layers).Select(layer => new LayerShape(Unit, Arithmetic.Experts, Unit)
        {
            KvPositionBytes = 1,
            Chunk = Arithmetic.IsChunked(layer) ? Arithmetic.ChunkPositions : null,
        })], Unit)
    {
        HiddenSize = 4, FeedForwardWidth = 4, VocabSize = Arithmetic.VocabSize, OutputBytes = Unit / 2,
    };

    /// <summary>Room for the whole model.</summary>
    public long HostBytes => 2 * Shape.WeightBytes;

    /// <summary>All alike, or each with a part of its own as on a cluster whose hosts differ.</summary>
    public static Setting From(Random64 random)
    {
        const HostRoles Stage = HostRoles.Engine | HostRoles.Attention;
        const HostRoles Front = HostRoles.Vocabulary | HostRoles.Gateway;
        HostRoles[] roles = random.Next(3) switch
        {
            0 => [.. Enumerable.Repeat(HostRoles.Any, random.Between(2, 5))],
            1 => [Stage, Stage, HostRoles.Experts, HostRoles.Experts, Front, Front],
            _ => [HostRoles.Any, HostRoles.Any, Stage, HostRoles.Experts, HostRoles.Experts, Front],
        };
        return new Setting(roles, random.OneIn(4) ? 2 : 1, random.OneIn(4) ? 0 : 1);
    }
}
