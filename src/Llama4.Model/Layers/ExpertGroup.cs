using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// The routed experts FirstExpert..FirstExpert+Count of one layer. A pure function of rows: each row's result is the
/// same whatever other rows come along and however a layer's experts are split into groups.
/// </summary>
public sealed class ExpertGroup : IDisposable
{
    private readonly IDevice _device;
    private readonly BlockWeights _weights;
    private readonly Matrix[] _gateUp;
    private readonly Matrix[] _down;

    private ExpertGroup(BlockWeights weights, int firstExpert, Matrix[] gateUp, Matrix[] down)
    {
        _device = weights.Device;
        _weights = weights;
        _gateUp = gateUp;
        _down = down;
        FirstExpert = firstExpert;
    }

    public int FirstExpert { get; }

    public int Count => _gateUp.Length;

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    /// <summary>Loads the experts one by one: little of the file is resident at a time.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The experts are not all of the model's.</exception>
    public static ValueTask<ExpertGroup> LoadAsync(
        Checkpoint checkpoint, int layer, int firstExpert, int count, IDevice device, ComputeMode mode, CancellationToken cancellation = default)
    {
        if (firstExpert < 0 || count < 1 || firstExpert > checkpoint.Config.Experts - count)
            throw new ArgumentOutOfRangeException(nameof(count), $"experts {firstExpert}..{firstExpert}+{count} are not within the model's {checkpoint.Config.Experts}");
        return BlockWeights.LoadAsync(checkpoint, device, mode, async weights => new ExpertGroup(
            weights,
            firstExpert,
            await weights.ExpertsAsync(TensorNames.ExpertsGateUp(layer), firstExpert, count).ConfigureAwait(false),
            await weights.ExpertsAsync(TensorNames.ExpertsDown(layer), firstExpert, count).ConfigureAwait(false)), cancellation);
    }

    /// <summary>Runs the rows that chose one of this group's experts; other rows of <paramref name="output"/> stay as they are.</summary>
    /// <param name="scaled">[rows, hidden], <see cref="RouterOutput.Scaled"/>.</param>
    /// <param name="experts">[rows, 1] I32, numbered as in the layer.</param>
    /// <param name="output">[rows, hidden], the activations' type.</param>
    public void Forward(Tensor scaled, Tensor experts, Tensor output)
    {
        using var order = _device.Rent(DType.I32, scaled.Rows, 1);
        using var offsets = _device.Rent(DType.I32, 1, Count + 1);
        _device.GroupRows(experts, FirstExpert, Count, order, offsets);

        using var gateUp = _device.Rent(_weights.Activations, scaled.Rows, _gateUp[0].Outputs);
        _device.GroupedMatMul(scaled, _gateUp, order, offsets, gather: true, scatter: false, gateUp);
        // Rows past the group's own hold nothing meaningful, and nothing reads what becomes of them.
        using var activated = _device.Rent(_weights.Activations, scaled.Rows, _down[0].Inputs);
        _device.SwiGlu(gateUp, activated);
        _device.GroupedMatMul(activated, _down, order, offsets, gather: false, scatter: true, output);
    }

    public void Dispose() => _weights.Dispose();
}
