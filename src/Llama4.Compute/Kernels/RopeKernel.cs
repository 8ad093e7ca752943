using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Rotary embedding of interleaved pairs: (a, b) ↦ (a·cos − b·sin, a·sin + b·cos), fp32, rounded once.</summary>
internal static unsafe class RopeKernel
{
    /// <summary>C[row] = cos and sin of the fp32 product position·frequency.</summary>
    public static void AnglesRow(RowOperands* o, int row)
    {
        float position = o->A.Integers[row];
        float* angles = o->C.Row(row).Floats;
        for (int i = 0; i < o->B.Width; i++)
        {
            (angles[2 * i], angles[2 * i + 1]) = Trigonometry.CosSin(position * o->B.Floats[i]);
        }
    }

    public static void Row<L>(RowOperands* o, int row) where L : unmanaged, ILanes<L>
    {
        Values x = o->A.Row(row);
        float* angles = o->B.Row(row).Floats;
        for (int head = 0; head < o->Int1; head++)
        {
            int first = o->Int0 + head * o->Int2;
            if (x.IsBf16)
            {
                ushort* values = (ushort*)x.Data + first;
                for (int i = 0; i < o->Int2; i += 2)
                {
                    (float a, float b) = Rotate(BFloat.Widen(values[i]), BFloat.Widen(values[i + 1]), angles[i], angles[i + 1]);
                    values[i] = BFloat.Round(a);
                    values[i + 1] = BFloat.Round(b);
                }
            }
            else
            {
                float* values = x.Floats + first;
                for (int i = 0; i < o->Int2; i += 2)
                {
                    (values[i], values[i + 1]) = Rotate(values[i], values[i + 1], angles[i], angles[i + 1]);
                }
            }
        }
    }

    private static (float A, float B) Rotate(float a, float b, float cos, float sin) => (a * cos - b * sin, a * sin + b * cos);
}
