using System.Buffers;
using System.Runtime.InteropServices;
using Llama4.Cluster.Constraints;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Steps;

/// <summary>
/// From logits on the device to one token a row. When every row is greedy and nothing else is asked for, the device finds the
/// greatest and 4 bytes a row come back; otherwise the logits come back and <see cref="Sampler"/> draws, beside the turn. The device knows nothing of
/// constraints: their rows are always drawn here.
/// </summary>
internal static class TokenDrawing
{
    /// <summary>Logits from which several rows are drawn side by side: about 0.1 ms of work, against some 10 us to share it.</summary>
    private const int ParallelLogits = 64 * 1024;

    /// <param name="logits">[rows, vocab] F32; stays the caller's.</param>
    /// <param name="draws">[rows].</param>
    /// <param name="masks">[rows] of those with a constraint; waited for when the logits are here. Null for none.</param>
    public static ValueTask<DrawnToken[]> DrawAsync(IDevice device, Tensor logits, TokenDraw[] draws, RowMasks? masks = null) =>
        Array.TrueForAll(draws, IsPlainGreedy) ? GreatestAsync(device, logits) : SampleAsync(device, logits, draws, masks);

    private static async ValueTask<DrawnToken[]> GreatestAsync(IDevice device, Tensor logits)
    {
        var buffer = ArrayPool<byte>.Shared.Rent(logits.Rows * sizeof(int));
        using var ids = device.Rent(DType.I32, logits.Rows, 1);
        device.ArgMax(logits, ids);
        await device.DownloadAsync(ids, buffer.AsMemory(0, logits.Rows * sizeof(int)));
        var drawn = new DrawnToken[logits.Rows];
        for (var row = 0; row < drawn.Length; row++)
            drawn[row] = new DrawnToken(BitConverter.ToInt32(buffer, row * sizeof(int)), null, null);
        ArrayPool<byte>.Shared.Return(buffer);
        return drawn;
    }

    private static async ValueTask<DrawnToken[]> SampleAsync(IDevice device, Tensor logits, TokenDraw[] draws, RowMasks? masks)
    {
        var rowBytes = logits.Width * sizeof(float);
        var length = checked(logits.Rows * rowBytes);
        var buffer = ArrayPool<byte>.Shared.Rent(length);
        var drawn = new DrawnToken[draws.Length];
        await device.DownloadAsync(logits, buffer.AsMemory(0, length));
        if (masks is not null)
            await masks.MadeAsync();
        void Draw(int row)
        {
            var own = MemoryMarshal.Cast<byte, float>(buffer.AsSpan(row * rowBytes, rowBytes));
            drawn[row] = draws[row] switch
            {
                { Constraint: not null } => masks!.Draw(row, own, draws[row]),
                { IsRestricted: true } => DrawRestricted(own, draws[row]),
                _ => Sampler.Draw(own, draws[row]),
            };
        }

        if (draws.Length > 1 && (long)logits.Width * draws.Length >= ParallelLogits)
            await Task.Run(() => Parallel.For(0, draws.Length, Draw));
        else if (logits.Width >= ParallelLogits)
            await Task.Run(() => Draw(0));
        else
        {
            for (var row = 0; row < draws.Length; row++)
                Draw(row);
        }
        ArrayPool<byte>.Shared.Return(buffer);
        return drawn;
    }

    /// <summary>A request that forbids everything fails its own row only.</summary>
    private static DrawnToken DrawRestricted(ReadOnlySpan<float> logits, in TokenDraw draw)
    {
        try
        {
            return Sampler.Draw(logits, draw);
        }
        catch (InvalidOperationException nothing)
        {
            return NothingDrawn.Under(logits, $"Of the tokens that the request allows none can be drawn: {nothing.Message}");
        }
    }

    private static bool IsPlainGreedy(TokenDraw draw) =>
        draw is { TopLogprobs: null, Constraint: null, IsRestricted: false, Forced: null }
        && draw.Settings is { IsGreedy: true, HasPenalties: false, LogitBias: null or { Count: 0 }, Rare: null or { Dry: null } };
}
