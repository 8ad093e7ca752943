using System.Runtime.InteropServices;
using Llama4.Compute;

namespace Llama4.Model;

/// <summary>Keeps what the layers made, in host memory. Downloads are enqueued as the layers are, so the run itself waits for nothing.</summary>
public sealed class LayerRecorder(IDevice device) : ILayerTrace
{
    private readonly SortedDictionary<int, Pending> _layers = [];

    public void AttentionResidual(int layer, Tensor residual) => Of(layer).Residual = Download(residual);

    public void Routed(int layer, Tensor logits, Tensor experts)
    {
        Of(layer).RouterLogits = Download(logits);
        Of(layer).Experts = Download(experts);
    }

    public void Output(int layer, Tensor output) => Of(layer).Output = Download(output);

    /// <summary>Waits for the run's last value and hands all layers out, in order; the recorder is then empty, for the next run.</summary>
    public async ValueTask<IReadOnlyList<RecordedLayer>> TakeAsync()
    {
        var layers = new List<RecordedLayer>();
        foreach (var pending in _layers.Values)
        {
            layers.Add(new RecordedLayer(
                await FloatsAsync(pending.Residual!).ConfigureAwait(false),
                await FloatsAsync(pending.Output!).ConfigureAwait(false),
                pending.RouterLogits is null ? null : await FloatsAsync(pending.RouterLogits).ConfigureAwait(false),
                pending.Experts is null ? null : MemoryMarshal.Cast<byte, int>(await pending.Experts.BytesAsync().ConfigureAwait(false)).ToArray()));
        }
        _layers.Clear();
        return layers;
    }

    private static async ValueTask<float[]> FloatsAsync(PendingDownload pending)
    {
        var bytes = await pending.BytesAsync().ConfigureAwait(false);
        return pending.Type == DType.BF16
            ? Array.ConvertAll(MemoryMarshal.Cast<byte, ushort>(bytes).ToArray(), Bf16.ToFloat)
            : MemoryMarshal.Cast<byte, float>(bytes).ToArray();
    }

    private PendingDownload Download(Tensor tensor)
    {
        var bytes = new byte[tensor.Bytes];
        return new PendingDownload(tensor.DType, bytes, device.DownloadAsync(tensor, bytes).AsTask());
    }

    private Pending Of(int layer)
    {
        if (!_layers.TryGetValue(layer, out var pending))
            _layers.Add(layer, pending = new Pending());
        return pending;
    }

    private sealed class Pending
    {
        public PendingDownload? Residual { get; set; }

        public PendingDownload? RouterLogits { get; set; }

        public PendingDownload? Experts { get; set; }

        public PendingDownload? Output { get; set; }
    }

    private sealed record PendingDownload(DType Type, byte[] Bytes, Task Done)
    {
        public async ValueTask<byte[]> BytesAsync()
        {
            await Done.ConfigureAwait(false);
            return Bytes;
        }
    }
}

/// <summary>One layer's values over the rows of a run, row after row; bf16 values widened.</summary>
/// <param name="AttentionResidual">[rows · hidden].</param>
/// <param name="Output">[rows · hidden].</param>
/// <param name="RouterLogits">[rows · experts]; null on dense layers.</param>
/// <param name="Experts">[rows]; null on dense layers.</param>
public sealed record RecordedLayer(float[] AttentionResidual, float[] Output, float[]? RouterLogits, int[]? Experts);
