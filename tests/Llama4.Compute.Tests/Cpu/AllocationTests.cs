namespace Llama4.Compute.Tests.Cpu;

/// <summary>After warm-up a step allocates nothing: not in the caller, not on the device's threads, not in native memory.</summary>
[Collection(nameof(AllocationTests))]
[CollectionDefinition(nameof(AllocationTests), DisableParallelization = true)]
public class AllocationTests
{
    private static readonly AttentionShape Shape = new(4, 2, 16, 0.25f);

    [Fact]
    public async Task Step_AfterWarmUp_AllocatesNothing()
    {
        await using CpuDevice device = CpuDevice.Create(3);
        using Matrix qkvWeights = await device.Matrix(new float[Shape.FusedWidth * 64], Shape.FusedWidth, 64);
        using Matrix expert = await device.Matrix(new float[64 * 64], 64, 64);
        using KvCache cache = device.AllocateKv(new KvShape(4, Shape.KvHeads, Shape.HeadDim, DType.BF16));
        using Tensor norm = device.Floats(new float[64], 1, DType.BF16);
        using Tensor hidden = device.Floats(new float[8 * 64], 8, DType.BF16);
        using Tensor rows = device.Integers([.. Enumerable.Range(0, 8).SelectMany(r => new[] { 0, r })], 8);
        using Tensor table = device.Integers([2, 1], 1);
        Matrix[] experts = [expert, expert];
        int[] choice = [0, 1, 1, 0, 1, 0, 0, 1];
        byte[] downloaded = new byte[hidden.Bytes];

        async Task StepAsync()
        {
            using Tensor normed = device.Rent(DType.BF16, 8, 64);
            using Tensor qkv = device.Rent(DType.BF16, 8, Shape.FusedWidth);
            using Tensor attended = device.Rent(DType.BF16, 8, Shape.QueryWidth);
            using Tensor chosen = device.Rent(DType.I32, 8, 1);
            using Tensor order = device.Rent(DType.I32, 8, 1);
            using Tensor offsets = device.Rent(DType.I32, 1, 3);
            using Tensor half = device.View(normed, 4, 4);
            device.RmsNorm(hidden, norm, 1e-5f, normed);
            device.MatMul(normed, qkvWeights, qkv);
            device.HeadNorm(qkv, 0, 6, 16, 1e-5f);
            device.WriteKv(qkv, Shape, cache, rows, table);
            device.Attention(qkv, Shape, cache, rows, table, attended);
            device.Upload<int>(choice, chosen);
            device.GroupRows(chosen, 0, 2, order, offsets);
            device.GroupedMatMul(attended, experts, order, offsets, gather: true, scatter: true, normed);
            device.Add(normed, hidden, hidden);
            device.CopyRows(hidden, 0, half, 0, 4);
            await device.DownloadAsync(hidden, downloaded);
            await device.SynchronizeAsync();
        }

        for (int i = 0; i < 300; i++)
        {
            await StepAsync(); // fills the pools of handles, blocks and completions, and lets the runtime finish compiling
        }

        long nativeBefore = device.NativeBytes;
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 20; attempt++)
        {
            long before = GC.GetTotalAllocatedBytes(precise: true);
            for (int i = 0; i < 50; i++)
            {
                await StepAsync();
            }

            least = Math.Min(least, GC.GetTotalAllocatedBytes(precise: true) - before);
        }

        // The awaiting method itself boxes its state when it is suspended, twice a step at most; the test runner's own
        // threads allocate now and then, so the least of several attempts counts.
        (least / 50).ShouldBeLessThan(600);
        device.NativeBytes.ShouldBe(nativeBefore);
    }

    [Fact]
    public async Task Enqueue_AfterWarmUp_AllocatesNothingOnTheCallersThread()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        using Tensor x = device.Floats(new float[64], 4);
        using Tensor norm = device.Floats(new float[16], 1);
        float[] values = new float[64];
        // How many upload buffers are out at once depends on how far the device has come: the pool has them all after some rounds.
        long least = long.MaxValue;
        for (int attempt = 0; attempt < 20; attempt++)
        {
            least = Math.Min(least, Enqueue());
            await device.SynchronizeAsync();
        }

        least.ShouldBe(0);

        long Enqueue()
        {
            long before = GC.GetAllocatedBytesForCurrentThread();
            for (int i = 0; i < 1000; i++)
            {
                using Tensor y = device.Rent(DType.F32, 4, 16);
                using Tensor view = device.View(y, 1, 2);
                device.Upload<float>(values, y);
                device.Add(x, x, y);
                device.RmsNorm(x, norm, 1e-5f, y);
                device.CopyRows(x, 0, view, 0, 2);
            }

            return GC.GetAllocatedBytesForCurrentThread() - before;
        }
    }
}
