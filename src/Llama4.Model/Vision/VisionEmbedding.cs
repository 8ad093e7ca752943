using System.Buffers;
using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The tower's beginning: patches to rows, the class token behind them, positions added, all in fp32; and the first norm, which rounds.</summary>
internal sealed class VisionEmbedding
{
    private readonly IDevice _device;
    private readonly DType _activations;
    private readonly VisionConfig _vision;
    private readonly Matrix _patches;
    private readonly Tensor _class;
    private readonly Tensor _positions;
    private readonly VisionNorm _norm;

    private VisionEmbedding(BlockWeights weights, VisionConfig vision, Matrix patches, Tensor classToken, Tensor positions, VisionNorm norm)
    {
        _device = weights.Device;
        _activations = weights.Activations;
        _vision = vision;
        _patches = patches;
        _class = classToken;
        _positions = positions;
        _norm = norm;
    }

    public static async ValueTask<VisionEmbedding> LoadAsync(BlockWeights weights, VisionConfig vision) => new(
        weights,
        vision,
        await weights.LinearAsync(VisionNames.PatchEmbedding).ConfigureAwait(false),
        await weights.TableAsync(VisionNames.ClassEmbedding).ConfigureAwait(false),
        await weights.TableAsync(VisionNames.PositionEmbedding).ConfigureAwait(false),
        await VisionNorm.LoadAsync(weights, VisionNames.PreNorm).ConfigureAwait(false));

    /// <returns>[tiles · positions, hidden], the caller's to dispose.</returns>
    public Tensor Forward(TilePixels pixels, int firstTile, VisionPlaces batch)
    {
        using var patches = Upload(pixels, firstTile, batch.Tiles);
        using var ofPatches = Rent(patches.Rows);
        _device.MatMul(patches, _patches, ofPatches);
        using var ofClasses = Rent(batch.Tiles);
        _device.GatherRows(_class, batch.Zeros, ofClasses);

        using var embedded = Rent(batch.Positions.Rows);
        _device.ScatterRows(ofPatches, batch.PatchRows, embedded);
        _device.ScatterRows(ofClasses, batch.ClassRows, embedded);
        using var positions = Rent(batch.Positions.Rows);
        _device.GatherRows(_positions, batch.Positions, positions);
        _device.Add(embedded, positions, embedded);
        return _norm.Forward(embedded);
    }

    private Tensor Upload(TilePixels pixels, int firstTile, int tiles)
    {
        var patches = _device.Rent(_activations, tiles * _vision.Patches, _vision.PatchWidth);
        var count = patches.Rows * patches.Width;
        if (_activations == DType.BF16)
        {
            var values = ArrayPool<ushort>.Shared.Rent(count);
            pixels.Unfold(firstTile, tiles, values.AsSpan(0, count));
            _device.Upload<ushort>(values.AsSpan(0, count), patches);
            ArrayPool<ushort>.Shared.Return(values);
        }
        else
        {
            var values = ArrayPool<float>.Shared.Rent(count);
            pixels.Unfold(firstTile, tiles, values.AsSpan(0, count));
            _device.Upload<float>(values.AsSpan(0, count), patches);
            ArrayPool<float>.Shared.Return(values);
        }
        return patches;
    }

    private Tensor Rent(int rows) => _device.Rent(DType.F32, rows, _vision.HiddenSize);
}
