using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// Step 6: the attention half of a layer, a = h + Wo·Attention(RMSNorm(h)).
/// The order of its steps is that of transformers' modeling_llama4.py (Llama4TextAttention).
/// </summary>
public sealed class AttentionBlock : IDisposable
{
    private readonly IDevice _device;
    private readonly BlockWeights _weights;
    private readonly Tensor _norm;
    private readonly Matrix _qkv;
    private readonly Matrix _out;
    private readonly AttentionShape _shape;
    private readonly float _epsilon;

    private AttentionBlock(LayerPlan plan, BlockWeights weights, Tensor norm, Matrix qkv, Matrix output)
    {
        Plan = plan;
        _device = weights.Device;
        _weights = weights;
        _norm = norm;
        _qkv = qkv;
        _out = output;
        _shape = weights.Config.Attention;
        _epsilon = weights.Config.NormEpsilon;
    }

    public LayerPlan Plan { get; }

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    /// <summary>Loads one layer's norm and projections; q, k and v become one matrix.</summary>
    public static ValueTask<AttentionBlock> LoadAsync(
        Checkpoint checkpoint, int layer, IDevice device, ComputeMode mode, CancellationToken cancellation = default) =>
        BlockWeights.LoadAsync(checkpoint, device, mode, async weights => new AttentionBlock(
            checkpoint.Config.Layers[layer],
            weights,
            await weights.TableAsync(TensorNames.InputNorm(layer)).ConfigureAwait(false),
            await weights.LinearAsync([.. "qkv".Select(which => TensorNames.Projection(layer, which))]).ConfigureAwait(false),
            await weights.LinearAsync(TensorNames.Projection(layer, 'o')).ConfigureAwait(false)), cancellation);

    /// <summary>The shape of this layer's cache, for <see cref="IDevice.AllocateKv"/>.</summary>
    public KvShape KvShape(int blocks) => new(blocks, _shape.KvHeads, _shape.HeadDim, _weights.Activations);

    /// <param name="hidden">[rows, hidden]; stays the caller's.</param>
    /// <param name="cache">This layer's keys and values: the step's are written, those before them are read.</param>
    /// <returns>attn_residual [rows, hidden], the caller's to dispose.</returns>
    public Tensor Forward(Tensor hidden, StepTensors step, KvCache cache)
    {
        var slots = step.Slots(Plan.Mask);
        using var normed = Rent(hidden.Rows, hidden.Width);
        _device.RmsNorm(hidden, _norm, _epsilon, normed);
        using var qkv = Rent(hidden.Rows, _shape.FusedWidth);
        _device.MatMul(normed, _qkv, qkv);
        PrepareQueriesAndKeys(qkv, step);

        using var attended = Rent(hidden.Rows, _shape.QueryWidth);
        _device.WriteKv(qkv, _shape, cache, slots.Rows, slots.BlockTables);
        _device.Attention(qkv, _shape, cache, slots.Rows, slots.BlockTables, attended);

        var residual = Rent(hidden.Rows, hidden.Width);
        _device.MatMul(attended, _out, residual);
        _device.Add(hidden, residual, residual);
        return residual;
    }

    public void Dispose() => _weights.Dispose();

    /// <summary>Queries and keys lie side by side in a fused row, so one call serves both.</summary>
    private void PrepareQueriesAndKeys(Tensor qkv, StepTensors step)
    {
        var heads = _shape.Heads + _shape.KvHeads;
        if (Plan.UsesRope)
            _device.Rope(qkv, 0, heads, _shape.HeadDim, step.Angles!);
        // After the rotation: it keeps the norm, but not in bf16.
        if (Plan.UsesQkNorm)
            _device.HeadNorm(qkv, 0, heads, _shape.HeadDim, _epsilon);
        if (Plan.UsesTemperature)
            _device.ScaleRows(qkv, 0, _shape.QueryWidth, step.Temperatures!, qkv);
    }

    private Tensor Rent(int rows, int width) => _device.Rent(_weights.Activations, rows, width);
}
