using System.Runtime.InteropServices;

namespace Llama4.Compute.Cpu;

/// <summary>
/// A piece of native memory with a count of the handles on it. 64-byte aligned: one cache line, one 512-bit vector.
/// </summary>
internal sealed unsafe partial class NativeBlock
{
    /// <summary>Blocks from here on are aligned to, and asked to be backed by, 2 MiB pages: fewer TLB misses when weights stream.</summary>
    private const long HugePage = 2L << 20;

    private int _handles;

    private NativeBlock(byte* data, long bytes)
    {
        Data = data;
        Bytes = bytes;
    }

    public byte* Data { get; private set; }

    public long Bytes { get; }

    /// <summary>The size class it returns to, or -1 if it is freed when its last handle goes.</summary>
    public int SizeClass { get; init; } = -1;

    /// <param name="zeroed">Whether the contents must be zero; otherwise they are unspecified.</param>
    public static NativeBlock Allocate(long bytes, bool zeroed = false, int sizeClass = -1)
    {
        long size = Math.Max(bytes, 64);
        bool huge = size >= 2 * HugePage;
        byte* data = (byte*)NativeMemory.AlignedAlloc((nuint)size, huge ? (nuint)HugePage : 64);
        if (huge && OperatingSystem.IsLinux())
        {
            // Advice only: where the kernel refuses, small pages serve as well, a little slower.
            _ = MemoryAdvise(data, (nuint)size, HugePageAdvice);
        }

        if (zeroed)
        {
            NativeMemory.Clear(data, (nuint)size);
        }

        return new NativeBlock(data, size) { SizeClass = sizeClass };
    }

    public void AddHandle() => Interlocked.Increment(ref _handles);

    /// <returns>Whether that was the last handle.</returns>
    public bool ReleaseHandle() => Interlocked.Decrement(ref _handles) == 0;

    public void Free()
    {
        NativeMemory.AlignedFree(Data);
        Data = null;
    }

    private const int HugePageAdvice = 14; // MADV_HUGEPAGE

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* address, nuint length, int advice);
}
