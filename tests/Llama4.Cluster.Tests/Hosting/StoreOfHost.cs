using Llama4.Cluster.Hosting;
using Llama4.Compute;
using Llama4.Compute.Testing;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Tests.Hosting;

/// <summary>The weights of one host, with a checkpoint and a device of its own.</summary>
internal sealed class StoreOfHost : IAsyncDisposable
{
    private readonly CpuDevice _cpu = CpuDevice.Create(1);

    public StoreOfHost(string name, string model, IProgress<double>? progress = null, CancellationToken loading = default, bool late = false)
    {
        Host = new HostId(name);
        Checkpoint = Checkpoint.Open(model);
        Device = late ? new LateDevice(_cpu) : _cpu;
        Store = new WeightStore(Host, Checkpoint, Device, ComputeMode.Bf16, loading, progress);
    }

    public HostId Host { get; }

    public Checkpoint Checkpoint { get; }

    public IDevice Device { get; }

    public WeightStore Store { get; }

    /// <summary>What the device holds, once it has done all that it was given.</summary>
    public async Task<long> NativeBytesAsync()
    {
        await Device.SynchronizeAsync();
        await _cpu.SynchronizeAsync();
        return _cpu.NativeBytes;
    }

    public async ValueTask DisposeAsync()
    {
        await Store.DisposeAsync();
        Store.WeightBytes.ShouldBe(0);
        await Device.DisposeAsync();
        Checkpoint.Dispose();
    }
}
