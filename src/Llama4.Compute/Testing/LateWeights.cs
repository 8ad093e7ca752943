using System.Diagnostics.CodeAnalysis;

namespace Llama4.Compute.Testing;

/// <summary>A matrix that ends when the commands held back have run.</summary>
internal sealed class LateMatrix : Matrix
{
    private readonly Matrix _inner;
    private int _disposed;

    [SetsRequiredMembers]
    public LateMatrix(LateDevice device, Matrix inner)
    {
        Device = device;
        _inner = inner;
        (Outputs, Inputs, Storage) = (inner.Outputs, inner.Inputs, inner.Storage);
    }

    public LateDevice Device { get; }

    public override long Bytes => _inner.Bytes;

    public Matrix OpenInner => _disposed == 0 ? _inner : throw new ObjectDisposedException(nameof(Matrix), $"{_inner} is used after it was disposed");

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Device.End(_inner);
        }
    }
}

/// <summary>A cache that ends when the commands held back have run.</summary>
internal sealed class LateKvCache : KvCache
{
    private readonly KvCache _inner;
    private int _disposed;

    [SetsRequiredMembers]
    public LateKvCache(LateDevice device, KvCache inner)
    {
        Device = device;
        _inner = inner;
        Shape = inner.Shape;
    }

    public LateDevice Device { get; }

    public override long Bytes => _inner.Bytes;

    public override int BlockBytes => _inner.BlockBytes;

    public KvCache OpenInner => _disposed == 0 ? _inner : throw new ObjectDisposedException(nameof(KvCache), "the KV cache is used after it was disposed");

    public override void Dispose()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 0)
        {
            Device.End(_inner);
        }
    }
}
