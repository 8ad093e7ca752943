using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// Norm before the feed-forward, and the choice of one expert per row. Router logits are fp32 sums and never rounded, so
/// that every host chooses alike; the lowest index wins a tie.
/// </summary>
public sealed class Router : IDisposable
{
    private readonly IDevice _device;
    private readonly BlockWeights _weights;
    private readonly Tensor _norm;
    private readonly Matrix _router;

    private Router(BlockWeights weights, Tensor norm, Matrix router)
    {
        _device = weights.Device;
        _weights = weights;
        _norm = norm;
        _router = router;
    }

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    public static ValueTask<Router> LoadAsync(
        Checkpoint checkpoint, int layer, IDevice device, ComputeMode mode, CancellationToken cancellation = default) =>
        BlockWeights.LoadAsync(checkpoint, device, mode, async weights => new Router(
            weights,
            await weights.TableAsync(TensorNames.PostAttentionNorm(layer)).ConfigureAwait(false),
            await weights.LinearAsync(TensorNames.Router(layer)).ConfigureAwait(false)), cancellation);

    /// <param name="residual">[rows, hidden], the stream after attention; stays the caller's.</param>
    /// <param name="experts">[rows, 1] I32, where the choices are to be written, which becomes the output's; null for a tensor of its own.</param>
    public RouterOutput Forward(Tensor residual, Tensor? experts = null)
    {
        var output = new RouterOutput(
            _device.Rent(_weights.Activations, residual.Rows, residual.Width),
            _device.Rent(DType.F32, residual.Rows, _router.Outputs),
            experts ?? _device.Rent(DType.I32, residual.Rows, 1),
            _device.Rent(_weights.Activations, residual.Rows, residual.Width));
        using var scores = _device.Rent(_weights.Activations, residual.Rows, 1);
        _device.RmsNorm(residual, _norm, _weights.Config.NormEpsilon, output.Normed);
        _device.MatMul(output.Normed, _router, output.Logits);
        _device.RouteTopOne(output.Logits, output.Experts, scores);
        // The score scales the expert's input: the expert is not linear, so scaling its output is another model (meta llama4/moe.py).
        _device.ScaleRows(output.Normed, 0, residual.Width, scores, output.Scaled);
        return output;
    }

    public void Dispose() => _weights.Dispose();
}

/// <summary>What the router made of some rows; one owner disposes all four.</summary>
/// <param name="Normed">[rows, hidden], for the shared expert.</param>
/// <param name="Logits">[rows, experts] F32.</param>
/// <param name="Experts">[rows, 1] I32.</param>
/// <param name="Scaled">[rows, hidden] = R(score · normed), for the routed expert.</param>
public sealed record RouterOutput(Tensor Normed, Tensor Logits, Tensor Experts, Tensor Scaled) : IDisposable
{
    public void Dispose()
    {
        Normed.Dispose();
        Logits.Dispose();
        Experts.Dispose();
        Scaled.Dispose();
    }
}
