using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Choosing the greatest of a row, and grouping rows by the choice.</summary>
internal static unsafe class RouterKernel
{
    public static void ArgMaxRow(RowOperands* o, int row) =>
        o->B.Integers[row] = Greatest(o->A.Row(row).Floats, o->A.Width);

    public static void TopOneRow(RowOperands* o, int row)
    {
        float* logits = o->A.Row(row).Floats;
        int expert = Greatest(logits, o->A.Width);
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
    public static int Greatest(float* values, int count)
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

    /// <summary>Counting sort: order lists rows by expert, then by row.</summary>
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
