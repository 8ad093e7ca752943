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

    /// <summary>What the system gave for <see cref="AllocateZeros"/>; null for memory of the allocator.</summary>
    private (IntPtr Address, nuint Length)? Map { get; init; }

    /// <summary>Zeros that take memory only where they are written, page by page: a pool of keys and values costs what of it is in use.</summary>
    public static NativeBlock AllocateZeros(long bytes)
    {
        if (bytes < 2 * HugePage || !OperatingSystem.IsLinux())
        {
            return Allocate(bytes, zeroed: true);
        }

        // Fresh pages of the system are zeros; one huge page more, for the alignment.
        var length = (nuint)(bytes + HugePage);
        var map = (byte*)MemoryMap(null, length, ReadAndWrite, PrivateAndAnonymous, -1, 0);
        if (map == (byte*)-1)
        {
            throw new OutOfMemoryException($"no {bytes} bytes of memory for keys and values");
        }

        var data = (byte*)(((nuint)map + HugePage - 1) & ~(nuint)(HugePage - 1));
        _ = MemoryAdvise(data, (nuint)bytes, HugePageAdvice);
        return new NativeBlock(data, bytes) { Map = ((IntPtr)map, length) };
    }

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
        if (Map is not { } map)
        {
            NativeMemory.AlignedFree(Data);
        }
        else if (MemoryUnmap((void*)map.Address, map.Length) != 0)
        {
            throw new InvalidOperationException($"{map.Length} bytes at {map.Address:x} could not be given back: error {Marshal.GetLastSystemError()}");
        }

        Data = null;
    }

    private const int HugePageAdvice = 14; // MADV_HUGEPAGE
    private const int ReadAndWrite = 1 | 2; // PROT_READ | PROT_WRITE
    private const int PrivateAndAnonymous = 2 | 0x20; // MAP_PRIVATE | MAP_ANONYMOUS

    [LibraryImport("libc", EntryPoint = "madvise")]
    private static partial int MemoryAdvise(void* address, nuint length, int advice);

    [LibraryImport("libc", EntryPoint = "mmap")]
    private static partial void* MemoryMap(void* address, nuint length, int protection, int flags, int file, nint offset);

    [LibraryImport("libc", EntryPoint = "munmap")]
    private static partial int MemoryUnmap(void* address, nuint length);
}
