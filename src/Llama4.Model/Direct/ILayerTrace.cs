using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// Is shown what each layer of a <see cref="DirectModel"/> run made, in order, one call of each kind per layer. Tensors are
/// borrowed for the call and may still be pending: enqueue what is wanted of them (a download, a copy) before returning.
/// </summary>
public interface ILayerTrace
{
    /// <param name="residual">[rows, hidden], the stream after attention.</param>
    void AttentionResidual(int layer, Tensor residual);

    /// <summary>MoE layers only.</summary>
    /// <param name="logits">[rows, experts] F32.</param>
    /// <param name="experts">[rows, 1] I32.</param>
    void Routed(int layer, Tensor logits, Tensor experts);

    /// <param name="output">[rows, hidden], the stream after the layer.</param>
    void Output(int layer, Tensor output);
}
