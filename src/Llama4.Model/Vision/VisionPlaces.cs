using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// Which row is what in a batch of tiles, on the device: the same for every batch, so it is made once. A tile's rows are its patches line by line and
/// then the class token; everything is for <c>tiles</c> tiles, of which a smaller batch uses the first.
/// </summary>
internal sealed class VisionPlaces : IDisposable
{
    private readonly IDevice _device;
    private readonly List<Tensor> _tensors = [];

    public VisionPlaces(VisionConfig vision, IDevice device, int tiles)
    {
        _device = device;
        Tiles = tiles;
        int patches = vision.Patches, positions = vision.Positions, blocks = BlocksOfTile(vision);
        Angles = Keep(DType.F32, tiles * positions, Repeated(VisionRotation.Table(vision), tiles));
        PatchRows = Numbers(tiles * patches, 1, i => i / patches * positions + i % patches);
        ClassRows = Numbers(tiles, 1, tile => tile * positions + patches);
        Zeros = Numbers(tiles, 1, _ => 0);
        Positions = Numbers(tiles * positions, 1, i => i % positions);
        Own = Numbers(tiles * positions, 2, i => i % 2 == 0 ? i / 2 / positions : i / 2 % positions);
        Last = Numbers(tiles * positions, 2, i => i % 2 == 0 ? i / 2 / positions : positions - 1);
        BlockTables = Numbers(tiles, blocks, i => i);
        Shuffled = Numbers(tiles * patches, 1, i => i / patches * positions + vision.ShuffledPatch(i % patches));
    }

    /// <summary>Most tiles of a batch.</summary>
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

    public void Dispose() => _tensors.ForEach(tensor => tensor.Dispose());

    private Tensor Numbers(int rows, int width, Func<int, int> number) =>
        Keep(DType.I32, rows, [.. Enumerable.Range(0, rows * width).Select(number)]);

    private Tensor Keep<T>(DType type, int rows, T[] values) where T : unmanaged
    {
        var tensor = _device.Rent(type, rows, values.Length / rows);
        _tensors.Add(tensor);
        _device.Upload<T>(values, tensor);
        return tensor;
    }

    private static float[] Repeated(float[] values, int times) => [.. Enumerable.Repeat(values, times).SelectMany(v => v)];
}
