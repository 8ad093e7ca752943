namespace Llama4.Compute.Tests.Cpu;

/// <summary>Order, bounds, faults and cancellation of the one queue.</summary>
public class QueueTests
{
    [Fact]
    public async Task Enqueue_FarBeyondTheRing_WaitsAndLosesNothing()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        using Tensor one = device.Floats([1], 1);
        using Tensor sum = device.Floats([0], 1);
        const int Additions = 3 * CommandQueue.Capacity;
        for (int i = 0; i < Additions; i++)
        {
            device.Add(sum, one, sum);
        }

        (await device.ReadFloats(sum)).ShouldBe([(float)Additions]);
    }

    [Fact]
    public async Task Enqueue_FromManyThreads_RunsEveryCommandOnce()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        using Tensor one = device.Floats([1], 1);
        using Tensor sum = device.Floats([0], 1);
        await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(async () =>
        {
            for (int i = 0; i < 500; i++)
            {
                device.Add(sum, one, sum);
                if (i % 50 == 0)
                {
                    await device.SynchronizeAsync();
                }
            }
        })));
        (await device.ReadFloats(sum)).ShouldBe([4000f]);
    }

    [Fact]
    public async Task Upload_OfABufferReusedAtOnce_HasCopiedIt()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        var buffer = new float[4];
        Tensor[] tensors = [.. Enumerable.Range(0, 50).Select(_ => device.Rent(DType.F32, 1, 4))];
        for (int i = 0; i < tensors.Length; i++)
        {
            buffer.AsSpan().Fill(i);
            device.Upload<float>(buffer, tensors[i]);
        }

        for (int i = 0; i < tensors.Length; i++)
        {
            (await device.ReadFloats(tensors[i])).ShouldAllBe(v => v == i);
            tensors[i].Dispose();
        }
    }

    [Fact]
    public async Task Fault_OfACommand_IsThrownByItsAwaitAndEveryLaterOne()
    {
        var device = CpuDevice.Create(2);
        Tensor table = device.Floats(new float[64], 4);
        Tensor indexes = device.Integers([1, 4], 2);
        Tensor y = device.Rent(DType.F32, 2, 16);
        device.GatherRows(table, indexes, y);
        DeviceFaultException first = await Should.ThrowAsync<DeviceFaultException>(async () => await device.SynchronizeAsync());
        first.Message.ShouldContain("GatherRows");
        first.Message.ShouldContain("4");
        device.Add(table, table, table);
        DeviceFaultException later = await Should.ThrowAsync<DeviceFaultException>(async () => await device.ReadFloats(table));
        later.ShouldBeSameAs(first);
        table.Dispose();
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.DisposeAsync());
        Should.Throw<ObjectDisposedException>(() => device.Rent(DType.F32, 1, 1));
    }

    [Fact]
    public async Task Fault_OnAWorker_IsTheDevices()
    {
        // Enough rows that workers take some: the bad index stands last.
        var device = CpuDevice.Create(3);
        Tensor table = device.Floats(new float[4 * 1024], 4);
        Tensor indexes = device.Integers([.. Enumerable.Repeat(1, 999), -1], 1000);
        Tensor y = device.Rent(DType.F32, 1000, 1024);
        device.GatherRows(table, indexes, y);
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.ReadFloats(y));
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.DisposeAsync());
    }

    [Fact]
    public async Task GroupedMatMul_WithOffsetsOutOfOrder_IsAFault()
    {
        var device = CpuDevice.Create(1);
        Matrix w = await device.Matrix(new float[256], 16, 16);
        Tensor x = device.Floats(new float[32], 2);
        Tensor order = device.Integers([0, 1], 2);
        Tensor offsets = device.Integers([0, 3], 1);
        device.GroupedMatMul(x, [w], order, offsets, gather: true, scatter: true, x);
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.SynchronizeAsync());
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.DisposeAsync());
    }

    [Fact]
    public async Task Download_CancelledBeforeItRuns_LeavesTheBufferAndTheDeviceAlone()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        using Tensor x = device.Floats([1, 2], 1);
        var buffer = new byte[8];
        await Should.ThrowAsync<OperationCanceledException>(async () => await device.DownloadAsync(x, buffer, new CancellationToken(true)));
        buffer.ShouldAllBe(b => b == 0);
        (await device.ReadFloats(x)).ShouldBe([1f, 2f]);
    }

    [Fact]
    public async Task Continuation_OfAnAwait_DoesNotRunOnTheDevicesThread()
    {
        await using CpuDevice device = CpuDevice.Create(1);
        var ranOn = new TaskCompletionSource<string?>();
        var awaiter = device.SynchronizeAsync().GetAwaiter();
        awaiter.UnsafeOnCompleted(() =>
        {
            awaiter.GetResult();
            ranOn.SetResult(Thread.CurrentThread.Name);
        });
        (await ranOn.Task).ShouldNotBe("compute 0");
    }

    [Fact]
    public async Task Dispose_WithWorkQueued_RunsItFirst()
    {
        var device = CpuDevice.Create(2);
        Tensor x = device.Floats([3], 1);
        for (int i = 0; i < 100; i++)
        {
            device.Add(x, x, x);
        }

        var buffer = new byte[4];
        ValueTask download = device.DownloadAsync(x, buffer);
        await device.DisposeAsync();
        await download;
        BitConverter.ToSingle(buffer).ShouldBe(MathF.ScaleB(3, 100));
        await device.DisposeAsync();
    }
}
