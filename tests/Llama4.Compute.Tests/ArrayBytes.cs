using System.Runtime.InteropServices;

namespace Llama4.Compute.Tests;

/// <summary>Host bytes in a pinned array.</summary>
internal sealed class ArrayBytes : HostBytes
{
    private readonly byte[] _bytes;
    private GCHandle _pin;

    private ArrayBytes(byte[] bytes)
    {
        _bytes = bytes;
        _pin = GCHandle.Alloc(bytes, GCHandleType.Pinned);
    }

    public override nint Address => _pin.AddrOfPinnedObject();

    public override long Length => _bytes.Length;

    public static ArrayBytes Of<T>(T[] values) where T : unmanaged => new(MemoryMarshal.AsBytes<T>(values).ToArray());

    public override void Dispose()
    {
        if (_pin.IsAllocated)
        {
            _pin.Free();
        }
    }
}
