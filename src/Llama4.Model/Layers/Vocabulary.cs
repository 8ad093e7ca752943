using Llama4.Compute;

namespace Llama4.Model;

/// <summary>Both ends of the model: token ids to rows, and rows to logits.</summary>
public sealed class Vocabulary : IDisposable
{
    private readonly IDevice _device;
    private readonly BlockWeights _weights;
    private readonly Tensor _embedding;
    private readonly Tensor _norm;
    private readonly Matrix _output;

    private Vocabulary(BlockWeights weights, Tensor embedding, Tensor norm, Matrix output)
    {
        _device = weights.Device;
        _weights = weights;
        _embedding = embedding;
        _norm = norm;
        _output = output;
    }

    /// <summary>Tokens.</summary>
    public int Size => _output.Outputs;

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    /// <summary>Loads embedding, last norm and output matrix. With tied embeddings both come from one tensor, kept in two layouts.</summary>
    public static ValueTask<Vocabulary> LoadAsync(Checkpoint checkpoint, IDevice device, ComputeMode mode, CancellationToken cancellation = default) =>
        BlockWeights.LoadAsync(checkpoint, device, mode, async weights => new Vocabulary(
            weights,
            await weights.TableAsync(TensorNames.Embedding).ConfigureAwait(false),
            await weights.TableAsync(TensorNames.FinalNorm).ConfigureAwait(false),
            await weights.LinearAsync(checkpoint.Config.TiesEmbeddings ? TensorNames.Embedding : TensorNames.Output).ConfigureAwait(false)), cancellation);

    /// <param name="ids">[rows, 1] I32, each in 0..Size-1; stays the caller's.</param>
    /// <returns>[rows, hidden], the caller's to dispose.</returns>
    public Tensor Embed(Tensor ids)
    {
        var rows = _device.Rent(_weights.Activations, ids.Rows, _embedding.Width);
        _device.GatherRows(_embedding, ids, rows);
        return rows;
    }

    /// <param name="hidden">[rows, hidden], the last layer's output; stays the caller's.</param>
    /// <param name="rowIndexes">[n, 1] I32: the rows whose logits are wanted.</param>
    /// <returns>[n, vocab] F32, not rounded; the caller's to dispose.</returns>
    public Tensor Logits(Tensor hidden, Tensor rowIndexes)
    {
        using var rows = _device.Rent(_weights.Activations, rowIndexes.Rows, hidden.Width);
        _device.GatherRows(hidden, rowIndexes, rows);
        using var normed = _device.Rent(_weights.Activations, rows.Rows, rows.Width);
        _device.RmsNorm(rows, _norm, _weights.Config.NormEpsilon, normed);
        var logits = _device.Rent(DType.F32, rows.Rows, Size);
        _device.MatMul(normed, _output, logits);
        return logits;
    }

    public void Dispose() => _weights.Dispose();
}
