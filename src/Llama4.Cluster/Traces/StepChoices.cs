using System.Runtime.InteropServices;
using Llama4.Cluster.Experts;
using Llama4.Compute;

namespace Llama4.Cluster.Traces;

/// <summary>
/// What the routers of a stage choose for one step, for those who watch. Layers whose choices nobody else reads back are gathered on the device and read back together,
/// when the stage is enqueued; the step does not wait for it.
/// </summary>
/// <param name="layers">Of the stage.</param>
/// <param name="rows">Of the step.</param>
internal sealed class StepChoices(IDevice device, RoutedTokens routed, int layers, int rows) : IDisposable
{
    private readonly List<int> _layers = new(layers);

    /// <summary>[layers * rows, 1] I32.</summary>
    private Tensor? _gathered;

    /// <param name="chosen">[rows] experts of the layer.</param>
    public void Count(int layer, ReadOnlySpan<int> chosen) => routed.Add(layer, chosen);

    /// <param name="experts">[rows, 1] I32, which may be pending.</param>
    public void Add(int layer, Tensor experts)
    {
        _gathered ??= device.Rent(DType.I32, layers * rows, 1);
        device.CopyRows(experts, 0, _gathered, _layers.Count * rows, rows);
        _layers.Add(layer);
    }

    /// <summary>The stage is enqueued.</summary>
    public void End()
    {
        if (_gathered is not null)
            _ = CountAsync(_gathered);
    }

    public void Dispose() => _gathered?.Dispose();

    /// <summary>The step itself meets a device that fails: what is not counted then is missing in a picture.</summary>
    private async Task CountAsync(Tensor gathered)
    {
        var chosen = new int[layers * rows];
        var reading = ReadAsync(device, gathered, chosen);
        await reading.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (!reading.IsCompletedSuccessfully)
            return;
        for (var i = 0; i < _layers.Count; i++)
            routed.Add(_layers[i], chosen.AsSpan(i * rows, rows));
    }

    private static async Task ReadAsync(IDevice device, Tensor gathered, int[] chosen)
    {
        var bytes = new byte[gathered.Bytes];
        await device.DownloadAsync(gathered, bytes).ConfigureAwait(false);
        MemoryMarshal.Cast<byte, int>(bytes).CopyTo(chosen);
    }
}
