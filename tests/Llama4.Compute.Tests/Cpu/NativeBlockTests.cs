using Llama4.Compute.Cpu;

namespace Llama4.Compute.Tests.Cpu;

public unsafe class NativeBlockTests
{
    private const long HugePage = 2 << 20;

    [Theory]
    [InlineData(1)]
    [InlineData(2 * HugePage - 1)]
    [InlineData(2 * HugePage)]
    [InlineData(5 * HugePage + 64)]
    public void Zeros_OfAnySize_AreZeroAlignedAndWritable(long bytes)
    {
        NativeBlock block = NativeBlock.AllocateZeros(bytes);
        Span<byte> span = new(block.Data, (int)bytes);

        ((nuint)block.Data % 64).ShouldBe((nuint)0);
        span.IndexOfAnyExcept((byte)0).ShouldBe(-1);
        span.Fill(1);
        block.Free();
    }

    [Fact]
    public void Zeros_NotWritten_TakeNoMemory()
    {
        Assert.SkipUnless(OperatingSystem.IsLinux(), "elsewhere they are written");
        const long Bytes = 1L << 32;
        using var process = System.Diagnostics.Process.GetCurrentProcess();
        long before = process.WorkingSet64;

        NativeBlock block = NativeBlock.AllocateZeros(Bytes);
        process.Refresh();
        long grown = process.WorkingSet64 - before;
        block.Free();

        grown.ShouldBeLessThan(Bytes / 4); // other tests run beside this one
    }
}
