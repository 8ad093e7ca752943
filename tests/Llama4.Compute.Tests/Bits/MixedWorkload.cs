using System.Security.Cryptography;

namespace Llama4.Compute.Tests.Bits;

/// <summary>
/// Every operation once or more, on fixed inputs of awkward sizes, in both types of activations: two layers' worth of
/// commands. Its hash over all output bits is what instruction sets, threads and machines must agree on.
/// </summary>
internal static class MixedWorkload
{
    private const int Rows = 29, Hidden = 530, Experts = 5, Width = 84;

    private static readonly AttentionShape Shape = new(6, 2, 20, 0.22360679f);

    public static async Task<string> HashAsync(IDevice device)
    {
        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        foreach (DType type in new[] { DType.F32, DType.BF16 })
        {
            foreach (DType storage in new[] { DType.F32, DType.BF16 })
            {
                await RunAsync(device, type, storage, hash);
            }
        }

        return Convert.ToHexString(hash.GetHashAndReset());
    }

    private static async Task RunAsync(IDevice device, DType type, DType storage, IncrementalHash hash)
    {
        using Matrix qkvWeights = await device.Matrix(Samples.Floats(1, Shape.FusedWidth * Hidden, 0.1), Shape.FusedWidth, Hidden, storage);
        using Matrix output = await device.Matrix(Samples.Floats(2, Hidden * Shape.QueryWidth, 0.1), Hidden, Shape.QueryWidth, storage);
        using Matrix router = await device.Matrix(Samples.Floats(3, Experts * Hidden, 0.3), Experts, Hidden, storage);
        Matrix[] gateUp = await ExpertsAsync(device, 2 * Width, Hidden, storage);
        Matrix[] down = await ExpertsAsync(device, Hidden, Width, storage);
        using KvCache cache = device.AllocateKv(new KvShape(8, Shape.KvHeads, Shape.HeadDim, type));
        using Tensor norm = device.Floats(Samples.Floats(4, Hidden, 2), 1, type);
        using Tensor hidden = device.Floats(Samples.Floats(5, Rows * Hidden, 4), Rows, type);

        // Rows of two sequences far into their contexts; what was never written there is zero.
        int[] positions = [.. Enumerable.Range(0, Rows).Select(r => r < 20 ? 130 + r : 1_000_000 + r)];
        using Tensor at = device.Integers(positions, Rows);
        using Tensor slots = device.Integers([.. Enumerable.Range(0, Rows).SelectMany(r => new[] { r < 20 ? 0 : 1, r < 20 ? 100 + r : r })], Rows);
        using Tensor tables = device.Integers([6, 1, 4, 3, 7, 0, 2, 5], 2);
        using Tensor frequencies = device.Floats([.. Enumerable.Range(0, Shape.HeadDim / 2).Select(i => MathF.Exp(-i))], 1);
        using Tensor angles = device.Rent(DType.F32, Rows, Shape.HeadDim);
        using Tensor temperatures = device.Rent(DType.F32, Rows, 1);
        device.RopeAngles(at, frequencies, angles);
        device.TemperatureScales(at, 128, 0.1f, temperatures);
        await Add(angles);
        await Add(temperatures);

        using Tensor normed = device.Rent(type, Rows, Hidden);
        using Tensor qkv = device.Rent(type, Rows, Shape.FusedWidth);
        using Tensor attended = device.Rent(type, Rows, Shape.QueryWidth);
        using Tensor residual = device.Rent(type, Rows, Hidden);
        device.RmsNorm(hidden, norm, 1e-5f, normed);
        device.MatMul(normed, qkvWeights, qkv);
        device.Rope(qkv, 0, Shape.Heads + Shape.KvHeads, Shape.HeadDim, angles);
        device.HeadNorm(qkv, 0, Shape.Heads + Shape.KvHeads, Shape.HeadDim, 1e-6f);
        device.ScaleRows(qkv, 0, Shape.QueryWidth, temperatures, qkv);
        device.WriteKv(qkv, Shape, cache, slots, tables);
        device.Attention(qkv, Shape, cache, slots, tables, attended);
        device.MatMul(attended, output, residual);
        device.Add(hidden, residual, residual);
        await Add(normed);
        await Add(qkv);
        await Add(attended);
        await Add(residual);

        using Tensor logits = device.Rent(DType.F32, Rows, Experts);
        using Tensor chosen = device.Rent(DType.I32, Rows, 1);
        using Tensor scores = device.Rent(type, Rows, 1);
        using Tensor order = device.Rent(DType.I32, Rows, 1);
        using Tensor offsets = device.Rent(DType.I32, 1, Experts + 1);
        using Tensor gated = device.Rent(type, Rows, 2 * Width);
        using Tensor activated = device.Rent(type, Rows, Width);
        device.MatMul(normed, router, logits);
        device.RouteTopOne(logits, chosen, scores);
        device.GroupRows(chosen, 0, Experts, order, offsets);
        device.ScaleRows(normed, 0, Hidden, scores, normed);
        device.GroupedMatMul(normed, gateUp, order, offsets, gather: true, scatter: false, gated);
        device.SwiGlu(gated, activated);
        device.GroupedMatMul(activated, down, order, offsets, gather: false, scatter: true, hidden);
        device.Add(residual, hidden, hidden);
        device.ArgMax(logits, chosen);
        foreach (Tensor tensor in new[] { logits, chosen, scores, gated, activated, hidden })
        {
            await Add(tensor);
        }

        // Of the vision tower: odd widths of its own through a view of another shape.
        using Tensor exact = device.Rent(DType.F32, Rows, Hidden);
        using Tensor tower = device.Rent(type, Rows, Hidden);
        using Tensor narrow = device.Reshape(tower, 2 * Rows, Hidden / 2);
        using Tensor bias = device.Reshape(norm, 2, Hidden / 2);
        using Tensor firstHalf = device.View(bias, 0, 1);
        device.MatMul(attended, output, exact);
        device.AddRow(exact, norm, tower);
        device.Gelu(tower, tower);
        await Add(tower);
        device.LayerNorm(narrow, firstHalf, firstHalf, 1e-5f, narrow);
        await Add(tower);

        // Alone and in the other type, through the table operations.
        using Tensor other = device.Rent(type == DType.F32 ? DType.BF16 : DType.F32, Rows, Hidden);
        device.GatherRows(hidden, order, other);
        device.ScatterRows(residual, order, other);
        using Tensor last = device.View(hidden, Rows - 1, 1);
        using Tensor ofLast = device.Rent(DType.F32, 1, Shape.FusedWidth);
        device.MatMul(last, qkvWeights, ofLast);
        await Add(other);
        await Add(ofLast);
        foreach (Matrix matrix in gateUp.Concat(down))
        {
            matrix.Dispose();
        }

        async Task Add(Tensor tensor) => hash.AppendData(await device.ReadBytes(tensor));
    }

    private static async Task<Matrix[]> ExpertsAsync(IDevice device, int outputs, int inputs, DType storage)
    {
        var experts = new Matrix[Experts];
        for (int e = 0; e < Experts; e++)
        {
            experts[e] = await device.Matrix(Samples.Floats(10 + e + outputs, outputs * inputs, 0.1), outputs, inputs, storage);
        }

        return experts;
    }
}
