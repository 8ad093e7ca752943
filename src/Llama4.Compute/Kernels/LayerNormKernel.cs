using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>
/// y = R((x - mean)·rsqrt(mean((x - mean)²) + eps)·w + b), fp32 inside, the last two fused. Sums: sixteen chains over k = lane (mod 16), then the fixed
/// tree. The second pass takes differences from the mean as fp32 holds it, and finds what that is off by: rows far from zero keep their digits.
/// </summary>
internal static unsafe class LayerNormKernel
{
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        Values weight = o->B;
        Values bias = o->C;
        Values y = o->D.Row(row);
        float mean = Mean<L>(x);
        (float meanError, float variance) = MeanErrorAndVariance<L>(x, mean);
        L factor = L.Broadcast(1f / MathF.Sqrt(variance + o->Float0));
        for (int column = 0; column < x.Width; column += 16)
        {
            int count = x.Width - column;
            L n = (x.Load<L>(column, count) - L.Broadcast(mean) - L.Broadcast(meanError)) * factor;
            y.Store(L.FusedMultiplyAdd(n, weight.Load<L>(column, count), bias.Load<L>(column, count)), column, count);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Mean<L>(Values x) where L : unmanaged, ILanes<L>
    {
        L sum = L.Zero;
        for (int column = 0; column < x.Width; column += 16)
        {
            sum += x.Load<L>(column, x.Width - column);
        }

        return L.Sum(sum) / x.Width;
    }

    /// <returns>The mean of the differences, which is the mean's own error, and the variance.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static (float MeanError, float Variance) MeanErrorAndVariance<L>(Values x, float mean) where L : unmanaged, ILanes<L>
    {
        L sum = L.Zero;
        L squares = L.Zero;
        int whole = x.Width & ~15;
        for (int column = 0; column < whole; column += 16)
        {
            L difference = x.Load<L>(column, 16) - L.Broadcast(mean);
            sum += difference;
            squares = L.FusedMultiplyAdd(difference, difference, squares);
        }

        if (whole < x.Width)
        {
            // Lanes past the row's end hold zero, which is not the mean.
            float* means = stackalloc float[16];
            new Span<float>(means, 16).Clear();
            new Span<float>(means, x.Width - whole).Fill(mean);
            L difference = x.Load<L>(whole, x.Width - whole) - L.Load(means);
            sum += difference;
            squares = L.FusedMultiplyAdd(difference, difference, squares);
        }

        float meanError = L.Sum(sum) / x.Width;
        return (meanError, MathF.FusedMultiplyAdd(0 - meanError, meanError, L.Sum(squares) / x.Width));
    }
}
