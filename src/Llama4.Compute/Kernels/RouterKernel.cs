using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Choosing the greatest of a row, and grouping rows by the choice.</summary>
internal static unsafe class RouterKernel
{
    public static void ArgMaxRow<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L> =>
        o->B.Integers[row] = Greatest<L>(o->A.Row(row).Floats, o->A.Width);

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void TopOneRow<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        float* logits = o->A.Row(row).Floats;
        int expert = Greatest<L>(logits, o->A.Width);
        o->B.Integers[row] = expert;
        float score = Sigmoid.Scalar(logits[expert]);
        if (o->C.IsBf16)
        {
            ((ushort*)o->C.Data)[row] = BFloat.Round(score);
        }
        else
        {
            o->C.Floats[row] = score;
        }
    }

    /// <summary>The lowest index of the greatest value; a NaN never wins over a number.</summary>
    public static int Scalar(float* values, int count)
    {
        int best = 0;
        for (int i = 1; i < count; i++)
        {
            if (values[i] > values[best] || (float.IsNaN(values[best]) && !float.IsNaN(values[i])))
            {
                best = i;
            }
        }

        return best;
    }

    /// <summary>The same: finds the first stretch that holds the greatest value, then the value in it.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Greatest<L>(float* values, int count) where L : unmanaged, ILanes<L>
    {
        const int Stretch = 512;
        int bestStretch = 0;
        float best = float.NegativeInfinity;
        for (int first = 0; first < count; first += Stretch)
        {
            float largest = Largest<L>(values + first, Math.Min(Stretch, count - first));
            if (largest > best)
            {
                best = largest;
                bestStretch = first;
            }
        }

        if (float.IsNegativeInfinity(best))
        {
            return Scalar(values, count); // nothing above minus infinity: NaN and minus infinity need telling apart
        }

        int index = bestStretch;
        while (values[index] != best)
        {
            index++;
        }

        return index;
    }

    /// <summary>The greatest number, minus infinity if there is none.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private static float Largest<L>(float* values, int count) where L : unmanaged, ILanes<L>
    {
        L greatest = L.Broadcast(float.NegativeInfinity);
        int whole = count & ~15;
        for (int i = 0; i < whole; i += 16)
        {
            L value = L.Load(values + i);
            greatest = L.SelectLess(greatest, value, value, greatest);
        }

        float largest = L.Largest(greatest);
        for (int i = whole; i < count; i++)
        {
            largest = values[i] > largest ? values[i] : largest;
        }

        return largest;
    }

    /// <summary>Counting sort: order lists rows by expert, then by row.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Group(Values experts, int firstExpert, int count, int* order, int* offsets)
    {
        new Span<int>(offsets, count + 1).Clear();
        for (int row = 0; row < experts.Rows; row++)
        {
            int expert = experts.Integers[row] - firstExpert;
            if ((uint)expert < (uint)count)
            {
                offsets[expert + 1]++;
            }
        }

        for (int expert = 0; expert < count; expert++)
        {
            offsets[expert + 1] += offsets[expert];
        }

        // Fill, moving each start to its end; afterwards every entry holds the next one's start.
        for (int row = 0; row < experts.Rows; row++)
        {
            int expert = experts.Integers[row] - firstExpert;
            if ((uint)expert < (uint)count)
            {
                order[offsets[expert]++] = row;
            }
        }

        for (int expert = count; expert > 0; expert--)
        {
            offsets[expert] = offsets[expert - 1];
        }

        offsets[0] = 0;
    }
}
