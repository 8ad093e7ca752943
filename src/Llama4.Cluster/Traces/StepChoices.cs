using Llama4.Cluster.Experts;
using Llama4.Compute;

namespace Llama4.Cluster.Traces;

/// <summary>
/// What the routers of a stage choose for one step, for those who watch: each router writes its choices into a place of a tensor that many steps share
/// (<see cref="ChoicePage"/>). The step does nothing more than without.
/// </summary>
/// <param name="page">Has places first..first + layers * rows for the step.</param>
/// <param name="layers">That have a router, in the order in which the step comes through them.</param>
/// <param name="rows">Of the step.</param>
internal sealed class StepChoices(RoutedTokens routed, ChoicePage page, int first, int[] layers, int rows) : IDisposable
{
    private int _next;
    private bool _isOver;

    /// <summary>Somebody asks what routers choose.</summary>
    public bool IsWatched { get; init; } = true;

    /// <summary>Null for a step of which nobody asks what ran here; else the layers whose experts are all on this host.</summary>
    public List<int>? Ran { get; init; }

    /// <summary>The experts of a layer are all on this host.</summary>
    public void RanHere(int layer) => Ran?.Add(layer);

    /// <summary>Where the router of a layer is to write.</summary>
    /// <returns>[rows, 1] I32, the caller's to dispose.</returns>
    public Tensor Of(int layer)
    {
        if (_next == layers.Length || layers[_next] != layer)
            throw new InvalidOperationException($"router {_next} of a step through the layers [{string.Join(", ", layers)}] cannot be that of layer {layer}");
        return page.View(first + (_next++ * rows), rows);
    }

    /// <summary>The stage is enqueued: what its routers choose counts.</summary>
    public void End() => Over(new StepPlaces(first, layers, rows, IsWatched, Ran));

    /// <summary>Of a step that has not ended nothing counts.</summary>
    public void Dispose() => Over(null);

    private void Over(StepPlaces? chosen)
    {
        if (!_isOver)
            routed.End(page, chosen);
        _isOver = true;
    }
}
