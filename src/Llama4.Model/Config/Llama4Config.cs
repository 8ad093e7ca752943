using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// A Llama 4 model as its config.json describes it (Hugging Face layout: a text config at top level, or nested
/// beside a vision config). Immutable and validated: a value that is here can be computed with.
/// </summary>
public sealed record Llama4Config
{
    public required int VocabSize { get; init; }

    public required int HiddenSize { get; init; }

    /// <summary>Query heads.</summary>
    public required int Heads { get; init; }

    /// <summary>Key/value heads; query head j reads key/value head j / (Heads / KvHeads).</summary>
    public required int KvHeads { get; init; }

    /// <summary>Components of a head; even.</summary>
    public required int HeadDim { get; init; }

    /// <summary>Width of each routed expert and of the shared expert (<c>intermediate_size</c>).</summary>
    public required int ExpertWidth { get; init; }

    /// <summary>Width of the dense layers' feed-forward (<c>intermediate_size_mlp</c>).</summary>
    public required int DenseWidth { get; init; }

    /// <summary>Routed experts of a MoE layer; each token goes to one.</summary>
    public required int Experts { get; init; }

    /// <summary>Positions of a chunk on the layers with a chunked mask; null: no chunks.</summary>
    public required int? AttentionChunk { get; init; }

    /// <summary>Positions over which s(p) keeps its value.</summary>
    public required int FloorScale { get; init; }

    public required float AttentionScale { get; init; }

    public required double RopeTheta { get; init; }

    public required RopeScaling? RopeScaling { get; init; }

    /// <summary>Positions the model was trained or stretched to.</summary>
    public required int MaxPositions { get; init; }

    /// <summary>Epsilon of every RMS norm and of the q/k norm.</summary>
    public required float NormEpsilon { get; init; }

    /// <summary>The output matrix is the embedding table.</summary>
    public required bool TiesEmbeddings { get; init; }

    public required int? BosId { get; init; }

    public required IReadOnlyList<int> EosIds { get; init; }

    public required int? PadId { get; init; }

    /// <summary>The type the config says its tensors have (<c>dtype</c>, <c>torch_dtype</c>), for people; each tensor's own header counts.</summary>
    public required string DTypeName { get; init; }

    public required IReadOnlyList<LayerPlan> Layers { get; init; }

    public required VisionConfig? Vision { get; init; }

    /// <summary>The token whose embeddings image rows are written over (<c>image_token_index</c>).</summary>
    public int PatchId { get; init; } = 200_092;

    /// <summary>What is allowed but probably not meant, a sentence each.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    public AttentionShape Attention => new(Heads, KvHeads, HeadDim, (float)(1 / Math.Sqrt(HeadDim)));

    public bool HasChunkedLayers => Layers.Any(layer => layer.Mask == AttentionMask.Chunked);

    public bool HasFullLayers => Layers.Any(layer => layer.Mask == AttentionMask.Full);

    /// <summary>Inverse frequencies of the rotation, [HeadDim / 2].</summary>
    public float[] InverseFrequencies() => RopeFrequencies.Compute(HeadDim, RopeTheta, RopeScaling);

    /// <summary>Reads a config file.</summary>
    /// <exception cref="CheckpointException">The file is missing, not JSON, or describes a model that is not supported.</exception>
    public static Llama4Config Load(string file) => Llama4ConfigReader.Load(file);

    /// <summary>Reads a config text; <paramref name="file"/> names it in errors.</summary>
    /// <inheritdoc cref="Load" path="/exception"/>
    public static Llama4Config Parse(ReadOnlyMemory<byte> json, string file) => Llama4ConfigReader.Parse(json, file);
}
