using System.Runtime.InteropServices;
using Llama4.Compute;
using Llama4.Model;

namespace Llama4.Server.Bench;

/// <summary>Counts the different experts that the rows of a step choose, layer by layer.</summary>
internal sealed class TouchedExperts(IDevice device) : ILayerTrace
{
    private readonly List<(byte[] Experts, Task Done)> _pending = [];

    public void AttentionResidual(int layer, Tensor residual)
    {
    }

    public void Routed(int layer, Tensor logits, Tensor experts)
    {
        var bytes = new byte[experts.Bytes];
        _pending.Add((bytes, device.DownloadAsync(experts, bytes).AsTask()));
    }

    public void Output(int layer, Tensor output)
    {
    }

    /// <summary>The sum over the layers of the steps run since the last call.</summary>
    public async Task<long> TakeAsync()
    {
        var touched = 0L;
        foreach (var (experts, done) in _pending)
        {
            await done;
            touched += MemoryMarshal.Cast<byte, int>(experts).ToArray().Distinct().Count();
        }

        _pending.Clear();
        return touched;
    }
}
