using Llama4.Model;
using Llama4.Scheduling;

namespace Llama4.Cluster.Hosting;

/// <summary>Bytes that the parts of a model take in its checkpoint.</summary>
internal sealed class WeightSizes
{
    private readonly long[] _layers;
    private readonly long[] _experts;

    public WeightSizes(Checkpoint checkpoint)
    {
        var config = checkpoint.Config;
        _layers = new long[config.Layers.Count];
        _experts = new long[config.Layers.Count];
        foreach (var parameter in ParameterTable.Text(config))
        {
            var bytes = checkpoint[parameter.Name].Bytes;
            if (TensorNames.LayerOf(parameter.Name) is not { } layer)
                // Table and output matrix are two, also where both come from one tensor: it is read for each.
                Vocabulary += parameter.Name == TensorNames.Embedding && config.TiesEmbeddings ? 2 * bytes : bytes;
            else if (parameter.Kind == ParameterKind.Experts)
                _experts[layer] += bytes / config.Experts;
            else
                _layers[layer] += bytes;
        }
        if (checkpoint.HasVision)
        {
            checkpoint.RequireVision();
            Vocabulary += ParameterTable.All(config).Where(parameter => parameter.Kind == ParameterKind.Vision).Sum(parameter => checkpoint[parameter.Name].Bytes);
        }
    }

    /// <summary>With the vision tower, where there is one: it lives beside each vocabulary.</summary>
    public long Vocabulary { get; }

    /// <summary>Without the routed experts.</summary>
    public long Layer(int layer) => _layers[layer];

    /// <summary>One routed expert of a layer.</summary>
    public long Expert(int layer) => _experts[layer];

    public long Of(PlanParts parts) =>
        parts.Layers.Sum(Layer) + parts.Experts.Sum(part => Expert(part.Layer)) + (parts.Vocabulary ? Vocabulary : 0);
}
