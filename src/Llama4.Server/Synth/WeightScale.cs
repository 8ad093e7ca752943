using Llama4.Model;

namespace Llama4.Server.Synth;

/// <summary>
/// How large random weights must be for a model that behaves: a residual stream near 1, attention that looks somewhere, routers
/// that choose clearly, and logits that differ.
/// </summary>
internal static class WeightScale
{
    /// <summary>Mean and standard deviation of a tensor's values.</summary>
    public static (float Mean, float Deviation) Of(Parameter parameter, Llama4Config config)
    {
        if (parameter.Kind == ParameterKind.Norms)
        {
            return (1, 0.1f); // not all ones: an engine that forgets a norm's weight shall show
        }

        if (parameter.Name == TensorNames.Embedding)
        {
            // A tied table is the output matrix too, and the first norm takes its size out again.
            return (0, config.TiesEmbeddings ? Unit(config.HiddenSize) : 1);
        }

        // Whether stored [out, in] or, as fused experts are, [expert, in, out]: the input is the second size.
        var unit = Unit(parameter.Shape[1]);
        return (0, parameter.Kind == ParameterKind.Routers ? 2 * unit
            : AddsToResidual(parameter.Name) ? unit / MathF.Sqrt(2 * config.Layers.Count) // 2 sums a layer: together about 1
            : unit);
    }

    /// <summary>Keeps a product of unit size for inputs of unit size.</summary>
    private static float Unit(long inputs) => 1 / MathF.Sqrt(inputs);

    private static bool AddsToResidual(string name) => name.Contains(".o_proj.", StringComparison.Ordinal) || name.Contains(".down_proj", StringComparison.Ordinal);
}
