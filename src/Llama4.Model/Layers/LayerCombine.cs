using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The end of a MoE layer: h = R(a + R(shared + routed)). Top-1 routing makes it two additions, whoever ran the expert.</summary>
public static class LayerCombine
{
    /// <param name="residual">[rows, hidden], the stream after attention.</param>
    /// <param name="shared">[rows, hidden], from <see cref="SharedExpert"/>.</param>
    /// <param name="routed">[rows, hidden], every row written by its <see cref="ExpertGroup"/>.</param>
    /// <returns>The layer's output [rows, hidden], the caller's to dispose; the inputs stay the caller's.</returns>
    public static Tensor Forward(IDevice device, Tensor residual, Tensor shared, Tensor routed)
    {
        var output = device.Rent(residual.DType, residual.Rows, residual.Width);
        device.Add(shared, routed, output);
        device.Add(residual, output, output);
        return output;
    }
}
