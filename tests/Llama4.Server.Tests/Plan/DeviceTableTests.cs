using Llama4.Server.Plan;

namespace Llama4.Server.Tests.Plan;

public sealed class DeviceTableTests
{
    [Fact]
    public void Known_EveryDevice_HasFiguresOfARightSizeAndASource()
    {
        var devices = DeviceTable.Known().All.ToList();

        devices.Count.ShouldBeGreaterThan(8);
        devices.ShouldAllBe(device => device.Source.Length > 20);
        foreach (var device in devices)
        {
            device.MemoryBytes.ShouldBeInRange((long)20e9, (long)2e12, device.Name);
            device.Speed.ReadBytesPerS.ShouldBeInRange(50e9, 10e12, device.Name);
            device.Speed.Bf16FlopsPerS.ShouldBeInRange(1e12, 5e15, device.Name);
            device.Speed.Fp8FlopsPerS.ShouldBeInRange(device.Speed.Bf16FlopsPerS, 2.1 * device.Speed.Bf16FlopsPerS, device.Name);
            device.Speed.LinkBytesPerS.ShouldBeInRange(1e9, 100e9, device.Name);
            device.Speed.LinkLatencyS.ShouldBe(30e-6, device.Name);
        }
    }

    [Fact]
    public void Find_WhateverTheCase_FindsADevice()
    {
        var device = DeviceTable.Known().Find("h100-80g").ShouldNotBeNull();

        (device.MemoryBytes, device.Speed.ReadBytesPerS, device.Speed.LinkBytesPerS).ShouldBe(((long)80e9, 3.35e12, 50e9));
        DeviceTable.Known().Find("H1000").ShouldBeNull();
    }
}
