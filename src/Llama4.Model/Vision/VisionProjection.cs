using Llama4.Compute;

namespace Llama4.Model;

/// <summary>The tower's end: the last norm, pixel shuffle, adapter (gelu after both matrices) and the projector into the text model.</summary>
internal sealed class VisionProjection
{
    private readonly IDevice _device;
    private readonly DType _activations;
    private readonly VisionConfig _vision;
    private readonly VisionNorm _norm;
    private readonly Matrix _first;
    private readonly Matrix _second;
    private readonly Matrix _projector;

    private VisionProjection(BlockWeights weights, VisionConfig vision, VisionNorm norm, Matrix first, Matrix second, Matrix projector)
    {
        _device = weights.Device;
        _activations = weights.Activations;
        _vision = vision;
        _norm = norm;
        _first = first;
        _second = second;
        _projector = projector;
    }

    /// <summary>Hidden size of the text model.</summary>
    public int Width => _projector.Outputs;

    public static async ValueTask<VisionProjection> LoadAsync(BlockWeights weights, VisionConfig vision) => new(
        weights,
        vision,
        await VisionNorm.LoadAsync(weights, VisionNames.PostNorm).ConfigureAwait(false),
        await weights.LinearAsync(VisionNames.AdapterFirst).ConfigureAwait(false),
        await weights.LinearAsync(VisionNames.AdapterSecond).ConfigureAwait(false),
        await weights.LinearAsync(VisionNames.Projector).ConfigureAwait(false));

    /// <param name="hidden">[tiles · positions, hidden], the last block's output; stays the caller's.</param>
    /// <param name="destination">[tiles · rows of a tile, hidden of the text model].</param>
    public void Forward(Tensor hidden, VisionPlaces batch, Tensor destination, IVisionTrace? trace)
    {
        using var normed = _norm.Forward(hidden);
        trace?.Made(VisionStage.PostNorm, 0, normed);

        // A gather leaves the class token out and brings the patches of each square together; side by side they are one row.
        using var shuffled = _device.Rent(_activations, batch.Shuffled.Rows, normed.Width);
        _device.GatherRows(normed, batch.Shuffled, shuffled);
        using var squares = _device.Reshape(shuffled, destination.Rows, _vision.ShuffledWidth);
        trace?.Made(VisionStage.PixelShuffle, 0, squares);

        using var inner = Activated(squares, _first);
        using var adapted = Activated(inner, _second);
        trace?.Made(VisionStage.Adapter, 0, adapted);
        _device.MatMul(adapted, _projector, destination);
        trace?.Made(VisionStage.Projector, 0, destination);
    }

    private Tensor Activated(Tensor x, Matrix matrix)
    {
        using var exact = _device.Rent(DType.F32, x.Rows, matrix.Outputs);
        _device.MatMul(x, matrix, exact);
        var y = _device.Rent(_activations, exact.Rows, exact.Width);
        _device.Gelu(exact, y);
        return y;
    }
}
