namespace Llama4.KernelBench;

/// <summary>One layer with random weights, enqueued operation by operation as the model's blocks do.</summary>
internal sealed class BenchLayer
{
    private readonly IDevice _device;
    private readonly BenchShape _shape;

    private BenchLayer(IDevice device, BenchShape shape)
    {
        _device = device;
        _shape = shape;
    }

    public required Tensor InputNorm { get; init; }

    public required Tensor PostNorm { get; init; }

    public required Matrix Qkv { get; init; }

    public required Matrix Out { get; init; }

    public required Matrix Router { get; init; }

    public required Matrix SharedGateUp { get; init; }

    public required Matrix SharedDown { get; init; }

    public required Matrix[] GateUp { get; init; }

    public required Matrix[] Down { get; init; }

    public required KvCache Cache { get; init; }

    public static async Task<BenchLayer> CreateAsync(IDevice device, BenchShape shape, Weights weights, int positions)
    {
        var gateUp = new Matrix[shape.Experts];
        var down = new Matrix[shape.Experts];
        for (int expert = 0; expert < shape.Experts; expert++)
        {
            gateUp[expert] = await weights.MatrixAsync(2 * shape.Intermediate, shape.Hidden);
            down[expert] = await weights.MatrixAsync(shape.Hidden, shape.Intermediate);
        }

        return new BenchLayer(device, shape)
        {
            InputNorm = await weights.NormAsync(shape.Hidden),
            PostNorm = await weights.NormAsync(shape.Hidden),
            Qkv = await weights.MatrixAsync(shape.Attention.FusedWidth, shape.Hidden),
            Out = await weights.MatrixAsync(shape.Hidden, shape.Attention.QueryWidth),
            Router = await weights.MatrixAsync(shape.Experts, shape.Hidden),
            SharedGateUp = await weights.MatrixAsync(2 * shape.SharedIntermediate, shape.Hidden),
            SharedDown = await weights.MatrixAsync(shape.Hidden, shape.SharedIntermediate),
            GateUp = gateUp,
            Down = down,
            Cache = weights.Kv(new KvShape(positions / KvShape.BlockPositions, shape.KvHeads, shape.HeadDim, DType.BF16)),
        };
    }

    /// <summary>Bytes of weights that a step reads if its rows touch <paramref name="experts"/> different experts.</summary>
    public long TouchedBytes(int experts) =>
        Qkv.Bytes + Out.Bytes + Router.Bytes + SharedGateUp.Bytes + SharedDown.Bytes + experts * (GateUp[0].Bytes + Down[0].Bytes);

    /// <param name="hidden">[rows, hidden]; disposed here.</param>
    /// <param name="experts">[rows, 1] I32: which expert each row takes. The router runs too, but its choice is not used, so that the load is known.</param>
    /// <returns>[rows, hidden], the caller's.</returns>
    public Tensor Forward(Tensor hidden, BenchStep step, Tensor experts)
    {
        Tensor residual = Attend(hidden, step);
        hidden.Dispose();
        int rows = residual.Rows;
        using Tensor normed = Rent(rows, _shape.Hidden);
        using Tensor logits = _device.Rent(DType.F32, rows, _shape.Experts);
        using Tensor chosen = _device.Rent(DType.I32, rows, 1);
        using Tensor scores = Rent(rows, 1);
        using Tensor scaled = Rent(rows, _shape.Hidden);
        _device.RmsNorm(residual, PostNorm, 1e-5f, normed);
        _device.MatMul(normed, Router, logits);
        _device.RouteTopOne(logits, chosen, scores);
        _device.ScaleRows(normed, 0, _shape.Hidden, scores, scaled);

        using Tensor routed = Rent(rows, _shape.Hidden);
        RunExperts(scaled, experts, routed);
        using Tensor shared = RunShared(normed);
        _device.Add(shared, routed, shared);
        _device.Add(residual, shared, residual);
        return residual;
    }

    private Tensor Attend(Tensor hidden, BenchStep step)
    {
        AttentionShape attention = _shape.Attention;
        using Tensor normed = Rent(hidden.Rows, _shape.Hidden);
        using Tensor qkv = Rent(hidden.Rows, attention.FusedWidth);
        using Tensor attended = Rent(hidden.Rows, attention.QueryWidth);
        _device.RmsNorm(hidden, InputNorm, 1e-5f, normed);
        _device.MatMul(normed, Qkv, qkv);
        _device.Rope(qkv, 0, attention.Heads + attention.KvHeads, attention.HeadDim, step.Angles);
        _device.HeadNorm(qkv, 0, attention.Heads + attention.KvHeads, attention.HeadDim, 1e-5f);
        _device.WriteKv(qkv, attention, Cache, step.Rows, step.Tables);
        _device.Attention(qkv, attention, Cache, step.Rows, step.Tables, attended);
        Tensor residual = Rent(hidden.Rows, _shape.Hidden);
        _device.MatMul(attended, Out, residual);
        _device.Add(hidden, residual, residual);
        return residual;
    }

    private void RunExperts(Tensor scaled, Tensor experts, Tensor routed)
    {
        using Tensor order = _device.Rent(DType.I32, scaled.Rows, 1);
        using Tensor offsets = _device.Rent(DType.I32, 1, _shape.Experts + 1);
        using Tensor gateUp = Rent(scaled.Rows, 2 * _shape.Intermediate);
        using Tensor activated = Rent(scaled.Rows, _shape.Intermediate);
        _device.GroupRows(experts, 0, _shape.Experts, order, offsets);
        _device.GroupedMatMul(scaled, GateUp, order, offsets, gather: true, scatter: false, gateUp);
        _device.SwiGlu(gateUp, activated);
        _device.GroupedMatMul(activated, Down, order, offsets, gather: false, scatter: true, routed);
    }

    private Tensor RunShared(Tensor normed)
    {
        using Tensor gateUp = Rent(normed.Rows, 2 * _shape.SharedIntermediate);
        using Tensor activated = Rent(normed.Rows, _shape.SharedIntermediate);
        _device.MatMul(normed, SharedGateUp, gateUp);
        _device.SwiGlu(gateUp, activated);
        Tensor shared = Rent(normed.Rows, _shape.Hidden);
        _device.MatMul(activated, SharedDown, shared);
        return shared;
    }

    private Tensor Rent(int rows, int width) => _device.Rent(DType.BF16, rows, width);
}
