using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The expert that every row of a MoE layer passes: down·(silu(gate·x) ⊙ up·x), on the row as it is, not scaled.</summary>
public sealed class SharedExpert : IDisposable
{
    private readonly BlockWeights _weights;
    private readonly GatedFeedForward _feedForward;

    private SharedExpert(BlockWeights weights, GatedFeedForward feedForward)
    {
        _weights = weights;
        _feedForward = feedForward;
    }

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    public static ValueTask<SharedExpert> LoadAsync(
        Checkpoint checkpoint, int layer, IDevice device, ComputeMode mode, CancellationToken cancellation = default) =>
        BlockWeights.LoadAsync(checkpoint, device, mode, async weights => new SharedExpert(
            weights, await GatedFeedForward.LoadAsync(weights, which => TensorNames.Shared(layer, which)).ConfigureAwait(false)), cancellation);

    /// <param name="normed">[rows, hidden], <see cref="RouterOutput.Normed"/>; stays the caller's.</param>
    /// <returns>[rows, hidden], the caller's to dispose.</returns>
    public Tensor Forward(Tensor normed) => _feedForward.Forward(normed);

    public void Dispose() => _weights.Dispose();
}
