namespace Llama4.Compute.Tests.Cpu;

/// <summary>Who may use a handle, for how long, and that what was lent comes back.</summary>
public class HandleTests
{
    [Fact]
    public async Task Tensor_AfterDispose_IsRefusedByEveryUse()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        Tensor dead = device.Rent(DType.F32, 2, 16);
        using Tensor live = device.Rent(DType.F32, 2, 16);
        dead.Dispose();
        Should.Throw<ObjectDisposedException>(dead.Dispose);
        Should.Throw<ObjectDisposedException>(() => device.Upload<float>(new float[32], dead));
        Should.Throw<ObjectDisposedException>(() => device.Add(live, dead, live));
        Should.Throw<ObjectDisposedException>(() => device.Add(live, live, dead));
        Should.Throw<ObjectDisposedException>(() => device.View(dead, 0, 1));
        Should.Throw<ObjectDisposedException>(() => device.CopyRows(dead, 0, live, 0, 1));
        await Should.ThrowAsync<ObjectDisposedException>(async () => await device.DownloadAsync(dead, new byte[128]));
        await device.SynchronizeAsync(); // a refused call leaves nothing half written in the queue
    }

    [Fact]
    public async Task MatrixAndCache_AfterDispose_AreRefused()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        Matrix w = await device.Matrix(new float[256], 16, 16);
        KvCache cache = device.AllocateKv(new KvShape(1, 1, 16, DType.F32));
        using Tensor x = device.Rent(DType.F32, 1, 48);
        using Tensor y = device.Rent(DType.F32, 1, 16);
        using Tensor rows = device.Integers([0, 0], 1);
        using Tensor table = device.Integers([0], 1);
        w.Dispose();
        w.Dispose();
        cache.Dispose();
        Should.Throw<ObjectDisposedException>(() => device.MatMul(y, w, y));
        Should.Throw<ObjectDisposedException>(() => device.WriteKv(x, new AttentionShape(1, 1, 16, 1), cache, rows, table));
    }

    [Fact]
    public async Task Handles_OfAnotherDevice_AreRefused()
    {
        await using CpuDevice device = CpuDevice.Create(1), other = CpuDevice.Create(1);
        using Tensor own = device.Rent(DType.F32, 1, 16);
        using Tensor foreign = other.Rent(DType.F32, 1, 16);
        using Matrix w = await other.Matrix(new float[256], 16, 16);
        Should.Throw<ArgumentException>(() => device.Add(own, foreign, own));
        Should.Throw<ArgumentException>(() => device.MatMul(own, w, own));
    }

    [Fact]
    public async Task View_AfterItsSourceIsDisposed_KeepsTheMemory()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        Tensor source = device.Floats([1, 2, 3, 4], 4);
        using Tensor view = device.View(source, 2, 2);
        source.Dispose();
        using Tensor next = device.Floats([9, 9, 9, 9], 4); // would take the memory, were it free
        (await device.ReadFloats(view)).ShouldBe([3f, 4f]);
    }

    [Fact]
    public async Task Dispose_RightAfterEnqueuing_LetsTheWorkFinish()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        using Tensor y = device.Rent(DType.F32, 64, 64);
        Tensor x = device.Floats([.. Enumerable.Repeat(2f, 4096)], 64);
        device.Add(x, x, y);
        x.Dispose();
        using Tensor over = device.Floats(new float[4096], 64); // the same memory, written later in the queue
        (await device.ReadFloats(y)).ShouldAllBe(v => v == 4);
    }

    [Fact]
    public async Task NativeBytes_AfterEverythingIsDisposed_AreThoseOfTheStart()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        device.NativeBytes.ShouldBe(0);
        Matrix w = await device.Matrix(new float[64 * 64], 64, 64);
        KvCache cache = device.AllocateKv(new KvShape(4, 2, 16, DType.BF16));
        using (var bytes = ArrayBytes.Of(new float[1000]))
        {
            (await device.LoadTableAsync(bytes, DType.F32, 10, 100, DType.BF16)).Dispose();
            await Should.ThrowAsync<OperationCanceledException>(async () =>
                await device.LoadTableAsync(bytes, DType.F32, 10, 100, DType.BF16, new CancellationToken(true)));
            await Should.ThrowAsync<OperationCanceledException>(async () =>
                await device.LoadMatrixAsync([new MatrixPart(bytes, DType.F32, 10, 100, MatrixLayout.OutIn, "w")], DType.F32, new CancellationToken(true)));
        }

        device.NativeBytes.ShouldBe(w.Bytes + cache.Bytes);
        Tensor huge = device.Rent(DType.F32, 1 << 16, 1024); // 256 MiB: more than the pool keeps
        huge.Dispose();
        w.Dispose();
        cache.Dispose();
        await device.SynchronizeAsync();
        device.NativeBytes.ShouldBe(0);
    }

    [Fact]
    public async Task Rent_OverAndOver_HoldsNoMoreThanTheFirstRound()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        long held = 0;
        for (int round = 0; round < 500; round++)
        {
            using Tensor a = device.Rent(DType.F32, 7, 100);
            using Tensor b = device.Rent(DType.BF16, 33, 160);
            using Tensor view = device.View(b, 3, 5);
            held = round == 0 ? device.NativeBytes : held;
            device.NativeBytes.ShouldBe(held, $"round {round}");
        }
    }
}
