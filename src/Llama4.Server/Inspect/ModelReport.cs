using Llama4.Model;

namespace Llama4.Server.Inspect;

/// <summary>What <c>llama4 inspect</c> tells of a model: its parameters, and the sums that say what it takes to serve it.</summary>
/// <param name="Source">The directory or file that was read.</param>
/// <param name="Parameters">Every tensor the config calls for, in checkpoint order, with the type it is stored in.</param>
internal sealed record ModelReport(string Source, Llama4Config Config, IReadOnlyList<StoredParameter> Parameters)
{
    /// <summary>Bytes of a key and a value component: caches are bf16.</summary>
    private const long KvElementBytes = 2;

    /// <summary>Text and vision together.</summary>
    public long Total { get; } = Parameters.Sum(p => p.Parameter.Count);

    public long Vision { get; } = Parameters.Where(p => p.Parameter.Kind == ParameterKind.Vision).Sum(p => p.Parameter.Count);

    /// <summary>
    /// Parameters that one text token is multiplied with: one expert of each MoE layer and the output matrix, but not the
    /// embedding table, of which it reads one row. Scout: 16,138,408,960.
    /// </summary>
    public long ActivePerToken { get; } = ParameterTable.Text(Config).Sum(p => Active(p, Config));

    /// <summary>The same with the embedding table, as Meta counts its "17B". A tied table is not counted twice.</summary>
    public long ActivePerTokenWithEmbedding =>
        ActivePerToken + (Config.TiesEmbeddings ? 0 : (long)Config.VocabSize * Config.HiddenSize);

    /// <summary>Bytes that one position takes in the caches of one layer, chunked or full: keys and values in bf16.</summary>
    public long KvBytesPerTokenAndLayer { get; } = 2L * Config.KvHeads * Config.HeadDim * KvElementBytes;

    /// <summary>Layers that attend inside their chunk only: they never hold more than one chunk of a sequence.</summary>
    public int ChunkedLayers { get; } = Config.Layers.Count(l => l.Mask == AttentionMask.Chunked);

    /// <summary>Layers that attend to everything before: their caches grow with the sequence.</summary>
    public int FullLayers { get; } = Config.Layers.Count(l => l.Mask == AttentionMask.Full);

    public long Bytes { get; } = Parameters.Sum(p => p.Bytes);

    public long BytesOf(ParameterKind kind) => Parameters.Where(p => p.Parameter.Kind == kind).Sum(p => p.Bytes);

    /// <summary>Reads a config.json alone, or a checkpoint's directory; the weights themselves are not read.</summary>
    public static ModelReport Read(string path)
    {
        if (!Directory.Exists(path))
        {
            return File.Exists(path)
                ? Of(path, Llama4Config.Load(path), null)
                : throw new FileNotFoundException($"{path}: expected a model directory or a config.json, found nothing");
        }

        if (!Directory.EnumerateFiles(path, "*.safetensors").Any())
        {
            return Of(path, Llama4Config.Load(Path.Combine(path, "config.json")), null);
        }

        using var checkpoint = Checkpoint.Open(path);
        return Of(path, checkpoint.Config, checkpoint);
    }

    private static ModelReport Of(string source, Llama4Config config, Checkpoint? checkpoint) => new(
        source,
        config,
        [
            .. ParameterTable.All(config).Select(p => checkpoint is null || p.Kind == ParameterKind.Vision
                ? new StoredParameter(p, Name(config.DTypeName), BytesOfElement(config.DTypeName))
                : new StoredParameter(p, checkpoint[p.Name].Type.ToString(), checkpoint[p.Name].Type.Bytes())),
        ]);

    private static long Active(Parameter parameter, Llama4Config config) => parameter.Kind switch
    {
        ParameterKind.Experts => parameter.Count / config.Experts,
        ParameterKind.Embeddings when parameter.Name == TensorNames.Embedding && !config.TiesEmbeddings => 0,
        _ => parameter.Count,
    };

    private static string Name(string configType) => configType switch
    {
        "bfloat16" => "BF16",
        "float16" => "F16",
        "float32" => "F32",
        _ => configType,
    };

    private static int BytesOfElement(string configType) => configType == "float32" ? 4 : 2;
}

/// <param name="Type">As safetensors writes it: BF16, F16, F32.</param>
/// <param name="ElementBytes">Bytes of one element.</param>
internal sealed record StoredParameter(Parameter Parameter, string Type, int ElementBytes)
{
    public long Bytes => Parameter.Count * ElementBytes;
}
