using Llama4.Cluster.Experts;
using Llama4.Compute;

namespace Llama4.Cluster.Traces;

/// <summary>
/// What the routers of a stage choose for one step, for those who watch: routers write their choices side by side, so that a step is one tensor, which is kept and read back with
/// those of other steps. The step does nothing more than without.
/// </summary>
/// <param name="layers">Of the stage.</param>
/// <param name="rows">Of the step.</param>
internal sealed class StepChoices(IDevice device, RoutedTokens routed, int layers, int rows) : IDisposable
{
    private readonly List<int> _layers = new(layers);
    private readonly List<int> _ran = [];

    /// <summary>[layers * rows, 1] I32; null once it is kept.</summary>
    private Tensor? _chosen = device.Rent(DType.I32, layers * rows, 1);

    /// <summary>By who asks what routers choose.</summary>
    public bool IsWatched { get; init; } = true;

    /// <summary>It stands for so many steps in what experts ran; 0 for none.</summary>
    public int Stands { get; init; }

    /// <summary>The experts of a layer are all on this host.</summary>
    public void RanHere(int layer) => _ran.Add(layer);

    /// <summary>Where the router of a layer is to write.</summary>
    /// <returns>[rows, 1] I32, the caller's to dispose.</returns>
    public Tensor Of(int layer)
    {
        _layers.Add(layer);
        return device.View(_chosen!, (_layers.Count - 1) * rows, rows);
    }

    /// <summary>The stage is enqueued.</summary>
    public void End()
    {
        routed.Keep(new KeptChoices(_chosen!, [.. _layers], rows, IsWatched, Stands, _ran));
        _chosen = null;
    }

    public void Dispose() => _chosen?.Dispose();
}
