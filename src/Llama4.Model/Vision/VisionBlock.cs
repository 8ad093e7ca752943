using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// One block of the tower: h += Attention(LayerNorm(h)), h += fc2(gelu(fc1(LayerNorm(h)))), with biases everywhere (transformers modeling_llama4.py,
/// Llama4VisionEncoderLayer). In bf16 what is stored between its steps is rounded, but a product stays fp32 until its bias, and what follows row by row
/// (gelu, the sum with h), are in it: fewer roundings than the reference's, at no cost.
/// </summary>
internal sealed class VisionBlock
{
    /// <summary>Of every norm in the tower: transformers' LayerNorm keeps torch's own, whatever <c>norm_eps</c> says.</summary>
    public const float Epsilon = 1e-5f;

    private readonly IDevice _device;
    private readonly DType _activations;
    private readonly AttentionShape _shape;
    private readonly VisionNorm _inputNorm;
    private readonly VisionNorm _postAttentionNorm;
    private readonly Biased _qkv;
    private readonly Biased _out;
    private readonly Biased _first;
    private readonly Biased _second;

    private VisionBlock(BlockWeights weights, AttentionShape shape, VisionNorm inputNorm, VisionNorm postAttentionNorm, Biased qkv, Biased output, Biased first, Biased second)
    {
        _device = weights.Device;
        _activations = weights.Activations;
        _shape = shape;
        _inputNorm = inputNorm;
        _postAttentionNorm = postAttentionNorm;
        _qkv = qkv;
        _out = output;
        _first = first;
        _second = second;
    }

    public static async ValueTask<VisionBlock> LoadAsync(BlockWeights weights, VisionConfig vision, int layer) => new(
        weights,
        vision.Attention,
        await VisionNorm.LoadAsync(weights, VisionNames.InputNorm(layer)).ConfigureAwait(false),
        await VisionNorm.LoadAsync(weights, VisionNames.PostAttentionNorm(layer)).ConfigureAwait(false),
        await Biased.LoadAsync(weights, [.. "qkv".Select(which => VisionNames.Projection(layer, which))]).ConfigureAwait(false),
        await Biased.LoadAsync(weights, VisionNames.Projection(layer, 'o')).ConfigureAwait(false),
        await Biased.LoadAsync(weights, VisionNames.FeedForward(layer, 1)).ConfigureAwait(false),
        await Biased.LoadAsync(weights, VisionNames.FeedForward(layer, 2)).ConfigureAwait(false));

    /// <param name="hidden">[tiles · positions, hidden]; stays the caller's.</param>
    /// <param name="batch">Where these rows stand.</param>
    /// <param name="cache">Room for the batch; what is in it does not matter.</param>
    /// <returns>[tiles · positions, hidden], the caller's to dispose.</returns>
    public Tensor Forward(Tensor hidden, VisionPlaces batch, KvCache cache)
    {
        using var residual = Attend(hidden, batch, cache);
        using var normed = _postAttentionNorm.Forward(residual);
        using var first = _first.Forward(normed, DType.F32);
        using var inner = _device.Rent(_activations, first.Rows, first.Width);
        _device.Gelu(first, inner);
        using var second = _second.Forward(inner, DType.F32);
        return Sum(residual, second);
    }

    /// <summary>Every row asks for the keys up to its tile's last position: no mask is left, and no operation of its own is needed.</summary>
    private Tensor Attend(Tensor hidden, VisionPlaces batch, KvCache cache)
    {
        using var normed = _inputNorm.Forward(hidden);
        using var qkv = _qkv.Forward(normed, _activations);
        _device.Rope(qkv, 0, _shape.Heads + _shape.KvHeads, _shape.HeadDim, batch.Angles);
        using var attended = _device.Rent(_activations, hidden.Rows, _shape.QueryWidth);
        _device.WriteKv(qkv, _shape, cache, batch.Own, batch.BlockTables);
        _device.Attention(qkv, _shape, cache, batch.Last, batch.BlockTables, attended);
        using var projected = _out.Forward(attended, DType.F32);
        return Sum(hidden, projected);
    }

    private Tensor Sum(Tensor hidden, Tensor added)
    {
        var sum = _device.Rent(_activations, hidden.Rows, hidden.Width);
        _device.Add(hidden, added, sum);
        return sum;
    }
}

/// <summary>A LayerNorm with weight and bias.</summary>
internal sealed class VisionNorm(IDevice device, DType activations, Tensor weight, Tensor bias)
{
    public static async ValueTask<VisionNorm> LoadAsync(BlockWeights weights, string name) => new(
        weights.Device,
        weights.Activations,
        await weights.TableAsync(VisionNames.Weight(name)).ConfigureAwait(false),
        await weights.TableAsync(VisionNames.Bias(name)).ConfigureAwait(false));

    /// <returns>As x, the caller's to dispose.</returns>
    public Tensor Forward(Tensor x)
    {
        var y = device.Rent(activations, x.Rows, x.Width);
        device.LayerNorm(x, weight, bias, VisionBlock.Epsilon, y);
        return y;
    }
}

/// <summary>y = R(x·Wᵀ + b).</summary>
internal sealed class Biased(IDevice device, Matrix matrix, Tensor bias)
{
    /// <param name="names">Stacked along the outputs.</param>
    public static async ValueTask<Biased> LoadAsync(BlockWeights weights, params string[] names) => new(
        weights.Device,
        await weights.LinearAsync([.. names.Select(VisionNames.Weight)]).ConfigureAwait(false),
        weights.Row([.. names.Select(VisionNames.Bias)]));

    /// <returns>[rows, outputs] of the type, the caller's to dispose.</returns>
    public Tensor Forward(Tensor x, DType type)
    {
        var exact = device.Rent(DType.F32, x.Rows, matrix.Outputs);
        device.MatMul(x, matrix, exact);
        if (type == DType.F32)
        {
            device.AddRow(exact, bias, exact);
            return exact;
        }
        var rounded = device.Rent(type, x.Rows, matrix.Outputs);
        device.AddRow(exact, bias, rounded);
        exact.Dispose();
        return rounded;
    }
}
