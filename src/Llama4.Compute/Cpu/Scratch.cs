namespace Llama4.Compute.Cpu;

/// <summary>Memory of one use that grows to the largest command seen and stays. Device thread only.</summary>
internal sealed unsafe class Scratch : IDisposable
{
    private NativeBlock? _block;

    /// <summary>At least this many bytes, contents unspecified; what was taken before is gone.</summary>
    public byte* Take(long bytes)
    {
        if (_block is null || _block.Bytes < bytes)
        {
            _block?.Free();
            _block = NativeBlock.Allocate(bytes);
        }

        return _block.Data;
    }

    public void Dispose()
    {
        _block?.Free();
        _block = null;
    }
}
