using Llama4.Cluster.Hosting;
using Llama4.Compute;
using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Placement;

/// <summary>A model's parts in bytes, as the placement planner takes them.</summary>
public static class ModelShapes
{
    /// <summary>Weights that share a scale in <see cref="ExpertWeights.Int4"/>: compressed-tensors' group_size.</summary>
    private const int Int4Group = 128;

    /// <summary>From the config alone: weights at the size they are kept in.</summary>
    /// <param name="kv">Type of keys and values.</param>
    public static ModelShape Of(Llama4Config config, DType kv, ExpertWeights experts = ExpertWeights.Bf16)
    {
        var vocabulary = 0L;
        var attention = new long[config.Layers.Count];
        var shared = new long[config.Layers.Count];
        foreach (var parameter in ParameterTable.Text(config))
        {
            // bf16 weights stay bf16 in either mode; a checkpoint of wider ones takes more in fp32.
            var bytes = parameter.Count * ModelShape.ElementBytes;
            if (TensorNames.LayerOf(parameter.Name) is not { } layer)
                vocabulary += bytes;
            else if (parameter.Kind != ParameterKind.Experts)
                attention[layer] += bytes;
            if (parameter.Kind == ParameterKind.SharedExperts)
                shared[TensorNames.LayerOf(parameter.Name)!.Value] += bytes;
        }

        // The vision tower stands beside each vocabulary.
        vocabulary += ParameterTable.All(config).Where(parameter => parameter.Kind == ParameterKind.Vision).Sum(parameter => parameter.Count * ModelShape.ElementBytes);
        var expertBytes = ExpertBytes(config, experts);
        var position = new KvShape(1, config.KvHeads, config.HeadDim, kv).BlockBytes / KvShape.BlockPositions;
        return new ModelShape(
            [.. config.Layers.Select(layer => new LayerShape(
                attention[layer.Index], layer.IsMoe ? config.Experts : 0, layer.IsMoe ? expertBytes : 0)
            {
                SharedBytes = shared[layer.Index],
                KvPositionBytes = position,
                Chunk = layer.Mask == AttentionMask.Chunked ? config.AttentionChunk : null,
            })],
            vocabulary)
        {
            HiddenSize = config.HiddenSize,
            FeedForwardWidth = config.Layers.Any(layer => !layer.IsMoe) ? Math.Max(config.ExpertWidth, config.DenseWidth) : config.ExpertWidth,
            VocabSize = config.VocabSize,
            OutputBytes = (long)config.VocabSize * config.HiddenSize * ModelShape.ElementBytes,
            ExpertType = experts,
            ExpertWeightBytes = (double)expertBytes / ExpertCount(config),
            KvFlopsPerByte = 2.0 * config.Heads / config.KvHeads / kv.Bytes(),
        };
    }

    /// <summary>Sequences of this length, each with whole blocks of keys and values.</summary>
    /// <param name="replicas">Share the sequences evenly.</param>
    public static PlanWork Work(Llama4Config config, int context, int sequences, int replicas)
    {
        var needs = new KvNeeds(
            config.Layers.Count(layer => layer.Mask == AttentionMask.Chunked), config.Layers.Count(layer => layer.Mask == AttentionMask.Full),
            BlockBytes: 1, KvShape.BlockPositions, config.AttentionChunk, context, (sequences + replicas - 1) / replicas);
        return new PlanWork(context, sequences, KvPositions.Of(KvBudget.Most(needs)));
    }

    /// <summary>What hosts that are told nothing but how much memory keys and values may take plan for themselves.</summary>
    /// <param name="kvBytes">Of each replica over all layers.</param>
    public static PlanWork Served(Llama4Config config, long kvBytes)
    {
        var limits = new SchedulerLimits { ContextMax = config.MaxPositions };
        var sizes = KvPlan.Sizes(KvPlan.Needs(config, ComputeMode.Bf16, limits), kvBytes);
        return new PlanWork(limits.ContextMax, limits.SequencesMax, KvPositions.Of(sizes)) { RowsMax = limits.TokensPerStepMax };
    }

    /// <summary>Weights of one expert: gate, up and down.</summary>
    private static long ExpertCount(Llama4Config config) => 3L * config.HiddenSize * config.ExpertWidth;

    private static long ExpertBytes(Llama4Config config, ExpertWeights experts) => experts switch
    {
        ExpertWeights.Bf16 => ExpertCount(config) * ModelShape.ElementBytes,
        // An fp32 scale for each output channel of gate, up and down.
        ExpertWeights.Fp8 => ExpertCount(config) + (sizeof(float) * ((2L * config.ExpertWidth) + config.HiddenSize)),
        ExpertWeights.Int4 => (ExpertCount(config) / 2) + (ExpertCount(config) / Int4Group * ModelShape.ElementBytes),
        _ => throw new ArgumentOutOfRangeException(nameof(experts), experts, "not a type of expert weights"),
    };
}
