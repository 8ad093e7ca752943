using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The part of <see cref="VisionPlaces"/> that the tiles of one batch use.</summary>
internal sealed class VisionBatch : IDisposable
{
    private readonly IDevice _device;
    private readonly List<Tensor> _views = [];

    public VisionBatch(VisionConfig vision, VisionPlaces places, IDevice device, int tiles)
    {
        _device = device;
        Tiles = tiles;
        Angles = First(places.Angles, vision.Positions);
        PatchRows = First(places.PatchRows, vision.Patches);
        ClassRows = First(places.ClassRows, 1);
        Zeros = First(places.Zeros, 1);
        Positions = First(places.Positions, vision.Positions);
        Own = First(places.Own, vision.Positions);
        Last = First(places.Last, vision.Positions);
        BlockTables = First(places.BlockTables, 1);
        Shuffled = First(places.Shuffled, vision.Patches);
    }

    public int Tiles { get; }

    public Tensor Angles { get; }

    public Tensor PatchRows { get; }

    public Tensor ClassRows { get; }

    public Tensor Zeros { get; }

    public Tensor Positions { get; }

    public Tensor Own { get; }

    public Tensor Last { get; }

    public Tensor BlockTables { get; }

    public Tensor Shuffled { get; }

    public void Dispose() => _views.ForEach(view => view.Dispose());

    private Tensor First(Tensor whole, int rowsOfTile)
    {
        var view = _device.View(whole, 0, Tiles * rowsOfTile);
        _views.Add(view);
        return view;
    }
}
