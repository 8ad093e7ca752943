using Llama4.Compute;

namespace Llama4.Model;

/// <summary>down·(silu(gate·x) ⊙ up·x) with gate and up as one matrix: what the shared expert and the dense layers have in common.</summary>
/// <param name="gateUp">[2·width, hidden], gate first.</param>
/// <param name="down">[hidden, width].</param>
internal sealed class GatedFeedForward(IDevice device, DType activations, Matrix gateUp, Matrix down)
{
    /// <param name="name">Tensor name by gate, up or down.</param>
    public static async ValueTask<GatedFeedForward> LoadAsync(BlockWeights weights, Func<string, string> name) => new(
        weights.Device,
        weights.Activations,
        await weights.LinearAsync(name("gate"), name("up")).ConfigureAwait(false),
        await weights.LinearAsync(name("down")).ConfigureAwait(false));

    /// <param name="x">[rows, hidden].</param>
    /// <returns>[rows, hidden], the caller's to dispose.</returns>
    public Tensor Forward(Tensor x)
    {
        using var gateUpOut = device.Rent(activations, x.Rows, gateUp.Outputs);
        device.MatMul(x, gateUp, gateUpOut);
        using var activated = device.Rent(activations, x.Rows, down.Inputs);
        device.SwiGlu(gateUpOut, activated);
        var y = device.Rent(activations, x.Rows, down.Outputs);
        device.MatMul(activated, down, y);
        return y;
    }
}
