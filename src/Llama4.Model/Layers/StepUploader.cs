using Llama4.Compute;
using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>
/// Brings a step plan onto a device, with what follows from positions alone (angles and temperatures), so that it is
/// computed once per step and not once per layer.
/// </summary>
public sealed class StepUploader : IDisposable
{
    private readonly Llama4Config _config;
    private readonly IDevice _device;
    private readonly bool _rotates;
    private readonly bool _scales;
    private readonly Tensor _inverseFrequencies;

    public StepUploader(Llama4Config config, IDevice device)
    {
        _config = config;
        _device = device;
        _rotates = config.Layers.Any(layer => layer.UsesRope);
        _scales = config.Layers.Any(layer => layer.UsesTemperature);
        _inverseFrequencies = Upload(DType.F32, 1, config.InverseFrequencies());
    }

    /// <summary>The caller disposes the result after enqueueing the step's last layer.</summary>
    public StepTensors Upload(StepPlan plan)
    {
        using var positions = Upload(DType.I32, plan.Rows, plan.Positions);
        return new StepTensors
        {
            Rows = plan.Rows,
            TokenIds = Upload(DType.I32, plan.Rows, plan.TokenIds),
            Angles = _rotates ? Angles(positions) : null,
            Temperatures = _scales ? Temperatures(positions) : null,
            Chunked = _config.HasChunkedLayers ? Slots(plan.Rows, plan.Chunked) : null,
            Full = _config.HasFullLayers ? Slots(plan.Rows, plan.Full) : null,
            LogitRows = plan.LogitRows.Length > 0 ? Upload(DType.I32, plan.LogitRows.Length, plan.LogitRows) : null,
        };
    }

    public void Dispose() => _inverseFrequencies.Dispose();

    private Tensor Angles(Tensor positions)
    {
        var angles = _device.Rent(DType.F32, positions.Rows, _config.HeadDim);
        _device.RopeAngles(positions, _inverseFrequencies, angles);
        return angles;
    }

    private Tensor Temperatures(Tensor positions)
    {
        var scales = _device.Rent(DType.F32, positions.Rows, 1);
        _device.TemperatureScales(positions, _config.FloorScale, _config.AttentionScale, scales);
        return scales;
    }

    private KvSlots Slots(int rows, KvTables tables) => new(
        Upload(DType.I32, rows, tables.RowSlots),
        Upload(DType.I32, tables.BlockTables.Length / tables.Width, tables.BlockTables));

    private Tensor Upload<T>(DType type, int rows, T[] values) where T : unmanaged
    {
        var tensor = _device.Rent(type, rows, values.Length / rows);
        _device.Upload<T>(values, tensor);
        return tensor;
    }
}
