using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// Which row is what in a batch of tiles, on the device: the same for every batch, so it is made once. A tile's rows are its patches line by line and
/// then the class token; everything is for <c>tiles</c> tiles, of which a smaller batch uses the <see cref="First"/>.
/// </summary>
internal sealed class VisionPlaces : IDisposable
{
    private readonly IDevice _device;

    /// <summary>Each with its rows of one tile.</summary>
    private readonly (Tensor Tensor, int RowsOfTile)[] _all;

    public VisionPlaces(VisionConfig vision, IDevice device, int tiles)
        : this(device, tiles, Make(vision, device, tiles))
    {
    }

    private VisionPlaces(IDevice device, int tiles, (Tensor Tensor, int RowsOfTile)[] all)
    {
        (_device, Tiles, _all) = (device, tiles, all);
        Angles = all[0].Tensor;
        PatchRows = all[1].Tensor;
        ClassRows = all[2].Tensor;
        Zeros = all[3].Tensor;
        Positions = all[4].Tensor;
        Own = all[5].Tensor;
        Last = all[6].Tensor;
        BlockTables = all[7].Tensor;
        Shuffled = all[8].Tensor;
    }

    /// <summary>Of the batch.</summary>
    public int Tiles { get; }

    /// <summary>[tiles · positions, head size] F32.</summary>
    public Tensor Angles { get; }

    /// <summary>[tiles · patches, 1]: the row of each patch.</summary>
    public Tensor PatchRows { get; }

    /// <summary>[tiles, 1]: the row of each class token.</summary>
    public Tensor ClassRows { get; }

    /// <summary>[tiles, 1].</summary>
    public Tensor Zeros { get; }

    /// <summary>[tiles · positions, 1]: each row's position in its tile.</summary>
    public Tensor Positions { get; }

    /// <summary>[tiles · positions, 2]: (tile, own position), where keys and values are written.</summary>
    public Tensor Own { get; }

    /// <summary>[tiles · positions, 2]: (tile, last position), so that a causal attention sees the whole tile.</summary>
    public Tensor Last { get; }

    /// <summary>[tiles, blocks of a tile].</summary>
    public Tensor BlockTables { get; }

    /// <summary>[tiles · patches, 1]: the rows in the order of the pixel shuffle.</summary>
    public Tensor Shuffled { get; }

    public static int BlocksOfTile(VisionConfig vision) => (vision.Positions + KvShape.BlockPositions - 1) / KvShape.BlockPositions;

    /// <summary>Those of a smaller batch: views, to be disposed before this.</summary>
    public VisionPlaces First(int tiles) => new(_device, tiles, Array.ConvertAll(_all, one => (_device.View(one.Tensor, 0, tiles * one.RowsOfTile), one.RowsOfTile)));

    public void Dispose() => Array.ForEach(_all, one => one.Tensor.Dispose());

    /// <summary>In the order in which the constructor names them.</summary>
    private static (Tensor, int)[] Make(VisionConfig vision, IDevice device, int tiles)
    {
        int patches = vision.Patches, positions = vision.Positions;
        return
        [
            Keep(positions, DType.F32, Repeated(VisionRotation.Table(vision), tiles)),
            Numbers(patches, 1, i => i / patches * positions + i % patches),
            Numbers(1, 1, tile => tile * positions + patches),
            Numbers(1, 1, _ => 0),
            Numbers(positions, 1, i => i % positions),
            Numbers(positions, 2, i => i % 2 == 0 ? i / 2 / positions : i / 2 % positions),
            Numbers(positions, 2, i => i % 2 == 0 ? i / 2 / positions : positions - 1),
            Numbers(1, BlocksOfTile(vision), i => i),
            Numbers(patches, 1, i => i / patches * positions + vision.ShuffledPatch(i % patches)),
        ];

        (Tensor, int) Numbers(int rowsOfTile, int width, Func<int, int> number) =>
            Keep(rowsOfTile, DType.I32, Enumerable.Range(0, tiles * rowsOfTile * width).Select(number).ToArray());

        (Tensor, int) Keep<T>(int rowsOfTile, DType type, T[] values) where T : unmanaged
        {
            var tensor = device.Rent(type, tiles * rowsOfTile, values.Length / (tiles * rowsOfTile));
            device.Upload<T>(values, tensor);
            return (tensor, rowsOfTile);
        }
    }

    private static float[] Repeated(float[] values, int times) => [.. Enumerable.Repeat(values, times).SelectMany(v => v)];
}
