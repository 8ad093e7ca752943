using System.Runtime.CompilerServices;
using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Rotary embedding of interleaved pairs: (a, b) ↦ (a·cos − b·sin, a·sin + b·cos), fp32, rounded once.</summary>
internal static unsafe class RopeKernel
{
    /// <summary>One pair, for tests and as the definition: products are rounded before they are added.</summary>
    public static (float A, float B) Scalar(float a, float b, float cos, float sin) => (a * cos - b * sin, a * sin + b * cos);

    /// <summary>C[row] = cos and sin of the fp32 product position·frequency.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void AnglesRow(RowOperands* o, int row)
    {
        float position = o->A.Integers[row];
        float* angles = o->C.Row(row).Floats;
        for (int i = 0; i < o->B.Width; i++)
        {
            (angles[2 * i], angles[2 * i + 1]) = Trigonometry.CosSin(position * o->B.Floats[i]);
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        Values angles = o->B.Row(row);
        float* alternating = stackalloc float[16] { -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1, -1, 1 };
        L signs = L.Load(alternating);
        int headDim = o->Int2;
        for (int head = 0; head < o->Int1; head++)
        {
            int first = o->Int0 + head * headDim;
            for (int i = 0; i < headDim; i += 16)
            {
                L pairs = x.Load<L>(first + i, headDim - i);
                L angle = angles.Load<L>(i, headDim - i);
                L rotated = pairs * L.RepeatEven(angle) + L.SwapPairs(pairs) * (L.RepeatOdd(angle) * signs);
                x.Store(rotated, first + i, headDim - i);
            }
        }
    }
}
