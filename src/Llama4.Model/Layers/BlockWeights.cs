using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// The weights of one block while and after they are loaded. Each tensor is mapped only while it is read, so that
/// loading keeps little more resident than the weights; a load that fails or is cancelled leaves nothing behind.
/// </summary>
internal sealed class BlockWeights : IDisposable
{
    private readonly Checkpoint _checkpoint;
    private readonly ComputeMode _mode;
    private readonly CancellationToken _cancellation;
    private readonly List<IDisposable> _loaded = [];

    private BlockWeights(Checkpoint checkpoint, IDevice device, ComputeMode mode, CancellationToken cancellation)
    {
        _checkpoint = checkpoint;
        _mode = mode;
        _cancellation = cancellation;
        Device = device;
    }

    public IDevice Device { get; }

    public Llama4Config Config => _checkpoint.Config;

    public DType Activations => _mode.Activations();

    /// <summary>Bytes on the device.</summary>
    public long Bytes { get; private set; }

    /// <summary>Runs <paramref name="build"/>; the block it returns owns the weights and disposes them.</summary>
    public static async ValueTask<T> LoadAsync<T>(
        Checkpoint checkpoint, IDevice device, ComputeMode mode, Func<BlockWeights, ValueTask<T>> build, CancellationToken cancellation)
    {
        var weights = new BlockWeights(checkpoint, device, mode, cancellation);
        try
        {
            return await build(weights).ConfigureAwait(false);
        }
        catch
        {
            weights.Dispose();
            throw;
        }
    }

    /// <summary>One matrix of Linear weights [outputs, inputs], stacked along the outputs.</summary>
    public async ValueTask<Matrix> LinearAsync(params string[] names)
    {
        var parts = new List<MatrixPart>();
        try
        {
            foreach (var tensor in names.Select(name => _checkpoint[name]))
                parts.Add(new MatrixPart(tensor.Map(), Stored(tensor), (int)tensor.Shape[0], (int)tensor.Shape[1], MatrixLayout.OutIn, tensor.Name));
            // Stacked parts share one storage: exact for all if any needs it.
            var storage = parts.Exists(part => _mode.Storage(part.DType) == DType.F32) ? DType.F32 : DType.BF16;
            return KeepCounted(await Device.LoadMatrixAsync(parts, storage, _cancellation).ConfigureAwait(false));
        }
        finally
        {
            parts.ForEach(part => part.Bytes.Dispose());
        }
    }

    /// <summary>One expert's matrix of a fused tensor [experts, inputs, outputs], mapped alone.</summary>
    public async ValueTask<Matrix> ExpertAsync(string name, int expert)
    {
        var tensor = _checkpoint[name];
        int inputs = (int)tensor.Shape[1], outputs = (int)tensor.Shape[2];
        var bytes = (long)inputs * outputs * tensor.Type.Bytes();
        using var mapped = tensor.Map(expert * bytes, bytes);
        var part = new MatrixPart(mapped, Stored(tensor), outputs, inputs, MatrixLayout.InOut, $"{tensor.Name}[{expert}]");
        return KeepCounted(await Device.LoadMatrixAsync([part], _mode.Storage(part.DType), _cancellation).ConfigureAwait(false));
    }

    /// <summary>A table [rows, width], or a vector as one row.</summary>
    public async ValueTask<Tensor> TableAsync(string name)
    {
        var tensor = _checkpoint[name];
        var rows = tensor.Shape.Count == 1 ? 1 : (int)tensor.Shape[0];
        using var bytes = tensor.Map();
        var table = await Device.LoadTableAsync(bytes, Stored(tensor), rows, (int)tensor.Shape[^1], _mode.Storage(Stored(tensor)), _cancellation).ConfigureAwait(false);
        _loaded.Add(table);
        Bytes += table.Bytes;
        return table;
    }

    /// <summary>Vectors side by side as one row: biases of matrices that are stacked.</summary>
    public Tensor Row(params string[] names)
    {
        TensorEntry[] tensors = [.. names.Select(name => _checkpoint[name])];
        float[] values = [.. tensors.SelectMany(tensor => tensor.ReadFloats())];
        var storage = tensors.Any(tensor => _mode.Storage(Stored(tensor)) == DType.F32) ? DType.F32 : DType.BF16;
        var row = Keep(Device.Rent(storage, 1, values.Length));
        if (storage == DType.F32)
            Device.Upload<float>(values, row);
        else
            Device.Upload<ushort>(Array.ConvertAll(values, Bf16.FromFloat), row);
        Bytes += row.Bytes;
        return row;
    }

    /// <summary>Disposes <paramref name="part"/> with the weights.</summary>
    public T Keep<T>(T part) where T : IDisposable
    {
        _loaded.Add(part);
        return part;
    }

    public void Dispose()
    {
        _loaded.ForEach(weight => weight.Dispose());
        _loaded.Clear();
    }

    /// <summary>Opening the checkpoint has checked that every weight has a type the device knows.</summary>
    private static DType Stored(TensorEntry tensor) => tensor.Type.AsDType()!.Value;

    private Matrix KeepCounted(Matrix matrix)
    {
        Bytes += matrix.Bytes;
        return Keep(matrix);
    }
}
