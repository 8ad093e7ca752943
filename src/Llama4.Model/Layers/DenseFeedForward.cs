using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The feed-forward half of a layer without experts (every other layer of Maverick): h = a + FFN(RMSNorm(a)).</summary>
public sealed class DenseFeedForward : IDisposable
{
    private readonly BlockWeights _weights;
    private readonly Tensor _norm;
    private readonly GatedFeedForward _feedForward;

    private DenseFeedForward(BlockWeights weights, Tensor norm, GatedFeedForward feedForward)
    {
        _weights = weights;
        _norm = norm;
        _feedForward = feedForward;
    }

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    public static ValueTask<DenseFeedForward> LoadAsync(
        Checkpoint checkpoint, int layer, IDevice device, ComputeMode mode, CancellationToken cancellation = default) =>
        BlockWeights.LoadAsync(checkpoint, device, mode, async weights => new DenseFeedForward(
            weights,
            await weights.TableAsync(TensorNames.PostAttentionNorm(layer)).ConfigureAwait(false),
            await GatedFeedForward.LoadAsync(weights, which => TensorNames.Dense(layer, which)).ConfigureAwait(false)), cancellation);

    /// <param name="residual">[rows, hidden], the stream after attention; stays the caller's.</param>
    /// <returns>The layer's output [rows, hidden], the caller's to dispose.</returns>
    public Tensor Forward(Tensor residual)
    {
        using var normed = _weights.Device.Rent(_weights.Activations, residual.Rows, residual.Width);
        _weights.Device.RmsNorm(residual, _norm, _weights.Config.NormEpsilon, normed);
        var output = _feedForward.Forward(normed);
        _weights.Device.Add(residual, output, output);
        return output;
    }

    public void Dispose() => _weights.Dispose();
}
