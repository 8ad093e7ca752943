using System.Runtime.InteropServices;
using Llama4.Compute.Testing;

namespace Llama4.Compute.Tests.Cpu;

public class StampTests
{
    [Fact]
    public async Task Stamp_AroundWork_TellsThatItCameBetween()
    {
        await using CpuDevice device = CpuDevice.Create(2);
        await CheckAsync(device);
    }

    [Fact]
    public async Task Stamp_OnADeviceThatRunsLate_IsOfWhenTheQueueCameToIt()
    {
        await using var device = new LateDevice(CpuDevice.Create(1));
        await CheckAsync(device);
    }

    private static async Task CheckAsync(IDevice device)
    {
        using Tensor stamps = device.Rent(DType.I32, 3, 2);
        using Tensor much = device.Floats(new float[1 << 20], 1 << 10);
        device.Stamp(stamps, 2);
        device.Gelu(much, much); // a million of them take longer than the clock's 100 ns
        device.Stamp(stamps, 0);
        device.Stamp(stamps, 1);
        long[] moments = MemoryMarshal.Cast<byte, long>(await device.ReadBytes(stamps)).ToArray();
        moments[0].ShouldBeGreaterThan(moments[2]);
        moments[1].ShouldBeGreaterThanOrEqualTo(moments[0]);
    }
}
