using System.Runtime.InteropServices;

namespace Llama4.KernelBench;

/// <summary>Random bf16 weights of about 1/sqrt(inputs), so that activations stay of size one.</summary>
internal sealed class Weights(IDevice device, int seed) : IDisposable
{
    private readonly Random _random = new(seed);
    private readonly List<IDisposable> _loaded = [];

    public async Task<Matrix> MatrixAsync(int outputs, int inputs)
    {
        using var bytes = new PinnedBytes(Values(outputs * inputs, 1 / Math.Sqrt(inputs)));
        Matrix matrix = await device.LoadMatrixAsync([new MatrixPart(bytes, DType.BF16, outputs, inputs, MatrixLayout.OutIn, "w")], DType.BF16);
        _loaded.Add(matrix);
        return matrix;
    }

    public async Task<Tensor> NormAsync(int width)
    {
        using var bytes = new PinnedBytes([.. Enumerable.Repeat((ushort)0x3F80, width)]);
        Tensor table = await device.LoadTableAsync(bytes, DType.BF16, 1, width, DType.BF16);
        _loaded.Add(table);
        return table;
    }

    public KvCache Kv(KvShape shape)
    {
        KvCache cache = device.AllocateKv(shape);
        _loaded.Add(cache);
        return cache;
    }

    public Tensor Rows(int rows, int width)
    {
        Tensor tensor = device.Rent(DType.BF16, rows, width);
        device.Upload<ushort>(Values(rows * width, 1), tensor);
        return tensor;
    }

    private ushort[] Values(int count, double scale)
    {
        // Uniform in ±scale·√3 has the deviation scale; 4096 different values serve as well as more and are made faster.
        var few = new ushort[4096];
        for (int i = 0; i < few.Length; i++)
        {
            float value = (float)((_random.NextDouble() * 2 - 1) * scale * Math.Sqrt(3));
            few[i] = (ushort)(BitConverter.SingleToUInt32Bits(value) >> 16);
        }

        var values = new ushort[count];
        uint state = (uint)_random.Next();
        for (int i = 0; i < count; i++)
        {
            state = state * 1664525u + 1013904223u;
            values[i] = few[state >> 20];
        }

        return values;
    }

    public void Dispose() => _loaded.ForEach(item => item.Dispose());

    private sealed class PinnedBytes : HostBytes
    {
        private readonly int _bytes;
        private GCHandle _pin;

        public PinnedBytes(ushort[] values)
        {
            _bytes = values.Length * sizeof(ushort);
            _pin = GCHandle.Alloc(values, GCHandleType.Pinned);
        }

        public override nint Address => _pin.AddrOfPinnedObject();

        public override long Length => _bytes;

        public override void Dispose()
        {
            if (_pin.IsAllocated)
            {
                _pin.Free();
            }
        }
    }
}
