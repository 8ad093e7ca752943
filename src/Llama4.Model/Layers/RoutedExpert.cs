using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The weights of one routed expert of one layer. <see cref="ExpertGroup"/> runs them.</summary>
public sealed class RoutedExpert : IDisposable
{
    private readonly BlockWeights _weights;

    private RoutedExpert(BlockWeights weights, Matrix gateUp, Matrix down)
    {
        _weights = weights;
        GateUp = gateUp;
        Down = down;
    }

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    /// <summary>[2·width, hidden], gate first.</summary>
    internal Matrix GateUp { get; }

    /// <summary>[hidden, width].</summary>
    internal Matrix Down { get; }

    internal IDevice Device => _weights.Device;

    internal DType Activations => _weights.Activations;

    /// <summary>Reads this expert's part of the layer's fused tensors, and no other.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The model has no such expert.</exception>
    public static ValueTask<RoutedExpert> LoadAsync(
        Checkpoint checkpoint, int layer, int expert, IDevice device, ComputeMode mode, CancellationToken cancellation = default)
    {
        if (expert < 0 || expert >= checkpoint.Config.Experts)
            throw new ArgumentOutOfRangeException(nameof(expert), expert, $"the model's experts are 0..{checkpoint.Config.Experts - 1}");
        return BlockWeights.LoadAsync(checkpoint, device, mode, async weights => new RoutedExpert(
            weights,
            await weights.ExpertAsync(TensorNames.ExpertsGateUp(layer), expert).ConfigureAwait(false),
            await weights.ExpertAsync(TensorNames.ExpertsDown(layer), expert).ConfigureAwait(false)), cancellation);
    }

    public void Dispose() => _weights.Dispose();
}
