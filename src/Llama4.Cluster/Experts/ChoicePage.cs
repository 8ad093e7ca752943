using Llama4.Compute;

namespace Llama4.Cluster.Experts;

/// <summary>
/// A tensor in which many steps' choices stand side by side, so that they are read back together. Steps take places from the front; once all that took any are over, it is
/// read and filled anew, which needs no waiting: the device writes later steps' choices after it has read these. Guarded by its owner.
/// </summary>
/// <param name="places">Choices that it has room for.</param>
internal sealed class ChoicePage(IDevice device, int places) : IDisposable
{
    /// <summary>Steps that are read back together: waking a thread costs as much as some layers of a small model, which with one sequence takes 4,000 steps a second.</summary>
    public const int StepsMax = 1024;

    /// <summary>[places, 1] I32.</summary>
    private readonly Tensor _chosen = device.Rent(DType.I32, places, 1);

    /// <summary>Steps that ended and are not read.</summary>
    private readonly List<StepPlaces> _ended = [];
    private int _begun;
    private int _used;
    private int _open;

    public int Places => places;

    /// <summary>Some step has places and is not over.</summary>
    public bool IsOpen => _open > 0;

    public bool HasRoom(int count) => _begun < StepsMax && count <= places - _used;

    /// <summary>A step takes places.</summary>
    /// <returns>The first of them.</returns>
    public int Begin(int count)
    {
        (_begun, _open) = (_begun + 1, _open + 1);
        return (_used += count) - count;
    }

    /// <summary>A step is over.</summary>
    /// <param name="chosen">Null for one whose choices do not count.</param>
    public void End(StepPlaces? chosen)
    {
        _open--;
        if (chosen is { } places)
            _ended.Add(places);
    }

    /// <summary>What has ended, to be read now; with it the page is empty, unless steps are open.</summary>
    public StepPlaces[] Take()
    {
        StepPlaces[] taken = [.. _ended];
        _ended.Clear();
        if (_open == 0)
            (_begun, _used) = (0, 0);
        return taken;
    }

    /// <returns>[count, 1] I32, the caller's to dispose.</returns>
    public Tensor View(int first, int count) => device.View(_chosen, first, count);

    public void Dispose() => _chosen.Dispose();
}

/// <summary>Where a step's choices are.</summary>
/// <param name="First">Place of the first.</param>
/// <param name="Layers">One behind the other.</param>
/// <param name="Rows">Of each layer.</param>
/// <param name="IsWatched">Somebody asks what routers choose.</param>
/// <param name="Ran">Layers whose experts are all on this host, where somebody asks what ran there.</param>
internal readonly record struct StepPlaces(int First, int[] Layers, int Rows, bool IsWatched = true, List<int>? Ran = null)
{
    /// <summary>The place behind the last.</summary>
    public int End => First + (Layers.Length * Rows);
}
