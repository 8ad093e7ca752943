using Llama4.Compute.Testing;
using Llama4.Compute.Tests.Bits;

namespace Llama4.Compute.Tests.Testing;

public class LateDeviceTests
{
    [Fact]
    public async Task Download_OfNeverWrittenTensor_IsPoison()
    {
        await using IDevice device = new LateDevice(CpuDevice.Create(1));
        using Tensor tensor = device.Rent(DType.F32, 2, 3);
        float[] values = await device.ReadFloats(tensor);
        values.ShouldAllBe(v => float.IsNaN(v));
    }

    [Fact]
    public async Task Upload_BeforeAnyAwait_IsHeldBack()
    {
        await using CpuDevice cpu = CpuDevice.Create(1);
        await using var device = new LateDevice(cpu);
        using Tensor tensor = device.Rent(DType.F32, 512, 512);
        device.Upload<float>(new float[512 * 512], tensor);
        await cpu.SynchronizeAsync();
        cpu.NativeBytes.ShouldBe(0);
        await device.SynchronizeAsync();
        cpu.NativeBytes.ShouldBeGreaterThanOrEqualTo(tensor.Bytes);
    }

    [Fact]
    public async Task Add_OfUploadedTensors_IsTheInnerDevicesResult()
    {
        await using IDevice device = new LateDevice(CpuDevice.Create(1));
        using Tensor a = device.Floats([1, 2, 3, 4], 2);
        using Tensor view = device.View(a, 1, 1);
        using Tensor y = device.Rent(DType.F32, 1, 2);
        device.Add(view, view, y);
        (await device.ReadFloats(y)).ShouldBe([6f, 8f]);
    }

    [Fact]
    public async Task Use_AfterDispose_Throws()
    {
        await using IDevice device = new LateDevice(CpuDevice.Create(1));
        Tensor a = device.Rent(DType.F32, 1, 1);
        a.Dispose();
        Should.Throw<ObjectDisposedException>(() => device.Upload<float>([1], a));
        Should.Throw<ObjectDisposedException>(a.Dispose);
    }

    [Fact]
    public async Task Fault_OfAHeldCommand_IsThrownByEveryLaterAwait()
    {
        var device = new LateDevice(CpuDevice.Create(1));
        Tensor table = device.Floats([1, 2], 2);
        Tensor indexes = device.Rent(DType.I32, 1, 1);
        Tensor y = device.Rent(DType.F32, 1, 1);
        device.GatherRows(table, indexes, y);
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.SynchronizeAsync());
        await Should.ThrowAsync<DeviceFaultException>(async () => await device.ReadFloats(table));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(1024)]
    public async Task Workload_OfEveryOperation_IsTheInnerDevicesBitForBit(int heldCommands)
    {
        await using CpuDevice cpu = CpuDevice.Create(2);
        string expected = await MixedWorkload.HashAsync(cpu);
        await using IDevice late = new LateDevice(CpuDevice.Create(2), heldCommands);
        (await MixedWorkload.HashAsync(late)).ShouldBe(expected);
    }

    [Fact]
    public async Task Dispose_OfATensor_PoisonsItsMemoryAfterItsLastUse()
    {
        CpuDevice cpu = CpuDevice.Create(1);
        await using var device = new LateDevice(cpu);
        Tensor a = device.Floats([1, 2, 3, 4], 2);
        Tensor view = device.View(a, 1, 1);
        using Tensor y = device.Rent(DType.F32, 1, 2);
        a.Dispose();
        device.Add(view, view, y); // the view keeps the memory
        view.Dispose();
        (await device.ReadFloats(y)).ShouldBe([6f, 8f]);
        using Tensor again = cpu.Rent(DType.F32, 2, 2); // the pool gives the same memory back, as it was left
        (await cpu.ReadFloats(again)).ShouldAllBe(v => float.IsNaN(v));
    }

    [Fact]
    public async Task Dispose_OfWeightsInUse_WaitsForTheHeldCommands()
    {
        CpuDevice cpu = CpuDevice.Create(1);
        await using var device = new LateDevice(cpu);
        Matrix w = await device.Matrix([1, 2, 3, 4], 2, 2);
        KvCache cache = device.AllocateKv(new KvShape(1, 1, 2, DType.F32));
        using Tensor x = device.Floats([1, 10], 1);
        using Tensor y = device.Rent(DType.F32, 1, 2);
        device.MatMul(x, w, y);
        w.Dispose();
        cache.Dispose();
        Should.Throw<ObjectDisposedException>(() => device.MatMul(x, w, y));
        cpu.NativeBytes.ShouldBe(w.Bytes + cache.Bytes);
        (await device.ReadFloats(y)).ShouldBe([21f, 43f]);
        cpu.NativeBytes.ShouldBeLessThan(w.Bytes + cache.Bytes + 2048);
    }
}
