using Llama4.Compute.Cpu;

namespace Llama4.Compute.Testing;

/// <summary>
/// For tests only: a device that holds every command back until somebody asks for a result (or
/// <paramref name="heldCommands"/> are held) and then runs them on a thread of its own. Memory is poison (NaN; indexes
/// far out of range) from rent to the first write and from dispose on. A caller that relies on work being done when
/// the call returns, on the contents of fresh tensors, or on a tensor after disposing it, gets NaN or a fault.
/// </summary>
/// <param name="inner">The device that computes; disposed with this one.</param>
/// <param name="heldCommands">Most commands held back.</param>
public sealed class LateDevice(IDevice inner, int heldCommands = 1024) : IDevice
{
    private readonly Lock _gate = new();
    private readonly LateThread _thread = new();
    private List<Action> _held = [];

    public DeviceDescription Description => inner.Description;

    // ---- memory ----

    public Tensor Rent(DType type, int rows, int width)
    {
        var tensor = new LateTensor(this, type, rows, width);
        Hold(() =>
        {
            tensor.Inner = inner.Rent(type, rows, width);
            Poison(tensor.Inner);
        });
        return tensor;
    }

    public Tensor View(Tensor source, int firstRow, int rows)
    {
        LateTensor whole = Own(source);
        if (firstRow < 0 || rows < 0 || firstRow + rows > source.Rows)
        {
            throw new ArgumentException($"rows {firstRow}..{firstRow + rows} are not inside {source}");
        }

        // The view's memory lives as long as any handle on it, so only the last one's end may poison it.
        var view = new LateTensor(this, source.DType, rows, source.Width, whole.Memory);
        Hold(() => view.Inner = inner.View(whole.Inner, firstRow, rows));
        return view;
    }

    public Tensor Reshape(Tensor source, int rows, int width)
    {
        LateTensor whole = Own(source);
        Shapes.RequireReshape(source, rows, width);
        var view = new LateTensor(this, source.DType, rows, width, whole.Memory);
        Hold(() => view.Inner = inner.Reshape(whole.Inner, rows, width));
        return view;
    }

    public KvCache AllocateKv(KvShape shape) => new LateKvCache(this, inner.AllocateKv(shape));

    public async ValueTask<Matrix> LoadMatrixAsync(IReadOnlyList<MatrixPart> parts, DType storage, CancellationToken cancellation = default) =>
        new LateMatrix(this, await inner.LoadMatrixAsync(parts, storage, cancellation).ConfigureAwait(false));

    public async ValueTask<Tensor> LoadTableAsync(HostBytes bytes, DType fileType, int rows, int width, DType type, CancellationToken cancellation = default)
    {
        Tensor table = await inner.LoadTableAsync(bytes, fileType, rows, width, type, cancellation).ConfigureAwait(false);
        return new LateTensor(this, type, rows, width) { Inner = table };
    }

    // ---- transfers ----

    public void Upload<T>(ReadOnlySpan<T> values, Tensor destination) where T : unmanaged
    {
        LateTensor to = Own(destination);
        T[] copy = values.ToArray();
        Hold(() => inner.Upload<T>(copy, to.Inner));
    }

    public ValueTask DownloadAsync(Tensor source, Memory<byte> destination, CancellationToken cancellation = default)
    {
        LateTensor from = Own(source);
        return Release(() => inner.DownloadAsync(from.Inner, destination, cancellation));
    }

    public ValueTask DownloadBlocksAsync(KvCache cache, ReadOnlySpan<int> blocks, Memory<byte> destination, CancellationToken cancellation = default)
    {
        KvCache own = Own(cache);
        int[] copy = blocks.ToArray();
        return Release(() => inner.DownloadBlocksAsync(own, copy, destination, cancellation));
    }

    public void UploadBlocks(ReadOnlySpan<byte> values, KvCache cache, ReadOnlySpan<int> blocks)
    {
        KvCache own = Own(cache);
        byte[] copy = values.ToArray();
        int[] numbers = blocks.ToArray();
        Hold(() => inner.UploadBlocks(copy, own, numbers));
    }

    public ValueTask SynchronizeAsync(CancellationToken cancellation = default) =>
        Release(() => inner.SynchronizeAsync(cancellation));

    public void CopyRows(Tensor source, int sourceRow, Tensor destination, int destinationRow, int rows)
    {
        LateTensor from = Own(source), to = Own(destination);
        Hold(() => inner.CopyRows(from.Inner, sourceRow, to.Inner, destinationRow, rows));
    }

    public void Stamp(Tensor y, int row)
    {
        LateTensor to = Own(y);
        Hold(() => inner.Stamp(to.Inner, row));
    }

    // ---- operations ----

    public void GatherRows(Tensor x, Tensor indexes, Tensor y) => Hold(inner.GatherRows, x, indexes, y);

    public void ScatterRows(Tensor x, Tensor indexes, Tensor y) => Hold(inner.ScatterRows, x, indexes, y);

    public void RmsNorm(Tensor x, Tensor weight, float eps, Tensor y) =>
        Hold((a, b, c) => inner.RmsNorm(a, b, eps, c), x, weight, y);

    public void LayerNorm(Tensor x, Tensor weight, Tensor bias, float eps, Tensor y)
    {
        LateTensor output = Own(y);
        Hold((a, b, c) => inner.LayerNorm(a, b, c, eps, output.Inner), x, weight, bias);
    }

    public void MatMul(Tensor x, Matrix w, Tensor y)
    {
        Matrix weights = Own(w);
        Hold((a, b) => inner.MatMul(a, weights, b), x, y);
    }

    public void Add(Tensor a, Tensor b, Tensor y) => Hold(inner.Add, a, b, y);

    public void AddRow(Tensor x, Tensor row, Tensor y) => Hold(inner.AddRow, x, row, y);

    public void SwiGlu(Tensor gateUp, Tensor y) => Hold(inner.SwiGlu, gateUp, y);

    public void Gelu(Tensor x, Tensor y) => Hold(inner.Gelu, x, y);

    public void RopeAngles(Tensor positions, Tensor inverseFrequencies, Tensor angles) =>
        Hold(inner.RopeAngles, positions, inverseFrequencies, angles);

    public void Rope(Tensor x, int firstColumn, int heads, int headDim, Tensor angles) =>
        Hold((a, b) => inner.Rope(a, firstColumn, heads, headDim, b), x, angles);

    public void HeadNorm(Tensor x, int firstColumn, int heads, int headDim, float eps) =>
        Hold((a, _) => inner.HeadNorm(a, firstColumn, heads, headDim, eps), x, x);

    public void TemperatureScales(Tensor positions, float floorScale, float attnScale, Tensor scales) =>
        Hold((a, b) => inner.TemperatureScales(a, floorScale, attnScale, b), positions, scales);

    public void ScaleRows(Tensor x, int firstColumn, int columns, Tensor scales, Tensor y) =>
        Hold((a, b, c) => inner.ScaleRows(a, firstColumn, columns, b, c), x, scales, y);

    public void WriteKv(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables)
    {
        KvCache own = Own(cache);
        Hold((a, b, c) => inner.WriteKv(a, shape, own, b, c), qkv, rows, blockTables);
    }

    public void Attention(Tensor qkv, AttentionShape shape, KvCache cache, Tensor rows, Tensor blockTables, Tensor y)
    {
        LateTensor output = Own(y);
        KvCache own = Own(cache);
        Hold((a, b, c) => inner.Attention(a, shape, own, b, c, output.Inner), qkv, rows, blockTables);
    }

    public void RouteTopOne(Tensor logits, Tensor experts, Tensor scores) => Hold(inner.RouteTopOne, logits, experts, scores);

    public void GroupRows(Tensor experts, int firstExpert, int count, Tensor order, Tensor offsets) =>
        Hold((a, b, c) => inner.GroupRows(a, firstExpert, count, b, c), experts, order, offsets);

    public void GroupedMatMul(Tensor x, IReadOnlyList<Matrix> experts, Tensor order, Tensor offsets, bool gather, bool scatter, Tensor y)
    {
        LateTensor output = Own(y);
        Matrix[] weights = [.. experts.Select(Own)];
        Hold((a, b, c) => inner.GroupedMatMul(a, weights, b, c, gather, scatter, output.Inner), x, order, offsets);
    }

    public void ArgMax(Tensor logits, Tensor ids) => Hold(inner.ArgMax, logits, ids);

    // ---- holding back ----

    private void Hold(Action<Tensor, Tensor> call, Tensor a, Tensor b)
    {
        LateTensor first = Own(a), second = Own(b);
        Hold(() => call(first.Inner, second.Inner));
    }

    private void Hold(Action<Tensor, Tensor, Tensor> call, Tensor a, Tensor b, Tensor c)
    {
        LateTensor first = Own(a), second = Own(b), third = Own(c);
        Hold(() => call(first.Inner, second.Inner, third.Inner));
    }

    private void Hold(Action command)
    {
        lock (_gate)
        {
            _held.Add(command);
            if (_held.Count >= heldCommands)
            {
                _thread.Enqueue(Batch(), null);
            }
        }
    }

    private ValueTask Release(Func<ValueTask> last)
    {
        lock (_gate)
        {
            return new ValueTask(_thread.Enqueue(Batch(), last));
        }
    }

    private List<Action> Batch()
    {
        List<Action> batch = _held;
        _held = [];
        return batch;
    }

    private LateTensor Own(Tensor tensor) => tensor switch
    {
        LateTensor { IsOpen: true } own when own.Device == this => own,
        LateTensor { IsOpen: false } => throw new ObjectDisposedException(nameof(Tensor), $"tensor {tensor} is used after it was disposed"),
        _ => throw new ArgumentException($"{tensor} is not a tensor of this device"),
    };

    private Matrix Own(Matrix matrix) => matrix is LateMatrix own && own.Device == this
        ? own.OpenInner
        : throw new ArgumentException($"{matrix} is not a matrix of this device");

    private KvCache Own(KvCache cache) => cache is LateKvCache own && own.Device == this
        ? own.OpenInner
        : throw new ArgumentException("the KV cache is not one of this device");

    /// <summary>Disposes in the order of the commands: those held back may still use it.</summary>
    internal void End(IDisposable weights) => Hold(weights.Dispose);

    internal void End(LateTensor tensor, bool lastHandle) => Hold(() =>
    {
        LateTensor whole = tensor.Memory.Whole;
        if (tensor != whole)
        {
            tensor.Inner.Dispose();
        }

        if (lastHandle)
        {
            Poison(whole.Inner);
            whole.Inner.Dispose();
        }
    });

    private void Poison(Tensor tensor)
    {
        int count = tensor.Rows * tensor.Width;
        if (tensor.DType == DType.BF16)
        {
            var poison = new ushort[count];
            poison.AsSpan().Fill(0x7FC1);
            inner.Upload<ushort>(poison, tensor);
        }
        else
        {
            var poison = new int[count];
            poison.AsSpan().Fill(0x7FC1DEAD); // a NaN as fp32
            inner.Upload<int>(poison, tensor);
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task last;
        lock (_gate)
        {
            last = _thread.Enqueue(Batch(), null);
        }

        try
        {
            await last.ConfigureAwait(false);
        }
        finally
        {
            _thread.Stop();
            await inner.DisposeAsync().ConfigureAwait(false);
        }
    }
}
