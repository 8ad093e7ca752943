namespace Llama4.Compute.Kernels;

/// <summary>s(p) = ln(floor((p+1)/floorScale) + 1)·attnScale + 1, in double, rounded to fp32 once.</summary>
internal static unsafe class TemperatureKernel
{
    public static void Row(RowOperands* o, int row)
    {
        double chunks = Math.Floor((o->A.Integers[row] + 1.0) / o->Float0);
        o->B.Floats[row] = (float)(Trigonometry.Ln(chunks + 1) * o->Float1 + 1);
    }
}
