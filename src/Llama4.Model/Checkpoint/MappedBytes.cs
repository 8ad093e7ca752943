using System.IO.MemoryMappedFiles;
using Llama4.Compute;

namespace Llama4.Model;

/// <summary>A mapped range of a checkpoint file. Pages become resident as they are read, and leave with the dispose.</summary>
internal sealed class MappedBytes(MemoryMappedViewAccessor view, long length) : HostBytes
{
    public override nint Address => view.SafeMemoryMappedViewHandle.DangerousGetHandle() + (nint)view.PointerOffset;

    public override long Length => length;

    /// <summary>Copies elements out.</summary>
    /// <param name="offset">Bytes from the start of the range.</param>
    public void Read<T>(long offset, T[] destination) where T : unmanaged
    {
        var read = view.ReadArray(offset, destination, 0, destination.Length);
        if (read != destination.Length)
            throw new InvalidOperationException($"read {read} of {destination.Length} elements at byte {offset} of a map of {length} bytes");
    }

    public override void Dispose() => view.Dispose();
}
