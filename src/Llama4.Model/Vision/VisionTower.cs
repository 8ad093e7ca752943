using Llama4.Compute;

namespace Llama4.Model;

/// <summary>
/// From tiles of images to rows of the text model: patches, blocks, pixel shuffle, adapter and projector (transformers modeling_llama4.py,
/// Llama4VisionModel). A tile's rows do not depend, in a single bit, on what other tiles come with it.
/// </summary>
public sealed class VisionTower : IDisposable
{
    /// <summary>
    /// Tiles that go through the tower together: 577 rows each at the released sizes, which is more than enough for the matrices, and 37 MB of
    /// activations. More of them only take more memory.
    /// </summary>
    public const int TilesAtOnceDefault = 2;

    private readonly Lock _gate = new();
    private readonly IDevice _device;
    private readonly VisionConfig _vision;
    private readonly BlockWeights _weights;
    private readonly VisionEmbedding _embedding;
    private readonly VisionBlock[] _blocks;
    private readonly VisionProjection _projection;
    private readonly VisionPlaces _places;
    private readonly KvCache _cache;
    private long _tilesDone;

    private VisionTower(VisionConfig vision, BlockWeights weights, VisionEmbedding embedding, VisionBlock[] blocks, VisionProjection projection, int tilesAtOnce)
    {
        _device = weights.Device;
        _vision = vision;
        _weights = weights;
        _embedding = embedding;
        _blocks = blocks;
        _projection = projection;
        _places = weights.Keep(new VisionPlaces(vision, _device, tilesAtOnce));
        _cache = weights.Keep(_device.AllocateKv(new KvShape(tilesAtOnce * VisionPlaces.BlocksOfTile(vision), vision.Heads, vision.HeadDim, weights.Activations)));
    }

    public VisionConfig Config => _vision;

    /// <summary>Tiles that went through since it was loaded.</summary>
    public long TilesDone => Interlocked.Read(ref _tilesDone);

    /// <summary>Bytes of weights on the device.</summary>
    public long WeightBytes => _weights.Bytes;

    /// <summary>Loads the tower, the adapter and the projector; a load that fails or is cancelled leaves nothing on the device.</summary>
    /// <param name="tilesAtOnce">Most tiles that go through together; it bounds the memory of activations.</param>
    /// <exception cref="CheckpointException">The checkpoint has no vision tower, or not the one its config describes.</exception>
    public static ValueTask<VisionTower> LoadAsync(
        Checkpoint checkpoint, IDevice device, ComputeMode mode, int tilesAtOnce = TilesAtOnceDefault, CancellationToken cancellation = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(tilesAtOnce, 1);
        var vision = checkpoint.RequireVision();
        return BlockWeights.LoadAsync(checkpoint, device, mode, async weights =>
        {
            var embedding = await VisionEmbedding.LoadAsync(weights, vision).ConfigureAwait(false);
            var blocks = new VisionBlock[vision.Layers];
            for (var layer = 0; layer < blocks.Length; layer++)
                blocks[layer] = await VisionBlock.LoadAsync(weights, vision, layer).ConfigureAwait(false);
            var projection = await VisionProjection.LoadAsync(weights, vision).ConfigureAwait(false);
            return new VisionTower(vision, weights, embedding, blocks, projection, tilesAtOnce);
        }, cancellation);
    }

    /// <summary>
    /// Runs tiles through the tower, a batch at a time. Between two batches it waits for the device, so that other work of its queue comes in between
    /// and the upload buffers stay few; the last batch may still be pending on return. Calls may overlap.
    /// </summary>
    /// <returns>[tiles · rows of a tile, hidden of the text model] in the activations' type, tile after tile; the caller's to dispose.</returns>
    public async ValueTask<Tensor> ForwardAsync(TilePixels tiles, IVisionTrace? trace = null, CancellationToken cancellation = default)
    {
        var rows = _device.Rent(_weights.Activations, checked(tiles.Tiles * _vision.RowsOfTile), _projection.Width);
        try
        {
            for (var first = 0; first < tiles.Tiles; first += _places.Tiles)
            {
                cancellation.ThrowIfCancellationRequested();
                if (first > 0)
                    await _device.SynchronizeAsync(cancellation).ConfigureAwait(false);
                // The cache is one: nobody may come between a block's writing of keys and its attention.
                lock (_gate)
                    Enqueue(tiles, first, Math.Min(_places.Tiles, tiles.Tiles - first), rows, trace);
            }
            Interlocked.Add(ref _tilesDone, tiles.Tiles);
            return rows;
        }
        catch
        {
            rows.Dispose();
            throw;
        }
    }

    public void Dispose() => _weights.Dispose();

    private void Enqueue(TilePixels pixels, int firstTile, int tiles, Tensor rows, IVisionTrace? trace)
    {
        using var batch = _places.First(tiles);
        using var destination = _device.View(rows, firstTile * _vision.RowsOfTile, tiles * _vision.RowsOfTile);
        var hidden = _embedding.Forward(pixels, firstTile, batch);
        trace?.Made(VisionStage.Embedding, 0, hidden);
        for (var i = 0; i < _blocks.Length; i++)
        {
            var output = _blocks[i].Forward(hidden, batch, _cache);
            hidden.Dispose();
            hidden = output;
            trace?.Made(VisionStage.Block, i, hidden);
        }
        _projection.Forward(hidden, batch, destination, trace);
        hidden.Dispose();
    }
}
