namespace Llama4.Compute.Tests.Kernels;

internal static class Ulps
{
    /// <summary>Distance of an fp32 result from the exact one, in units of the last place of the exact one's fp32.</summary>
    public static double Between(float found, double exact)
    {
        var nearest = (float)exact;
        double unit = Math.Abs((double)MathF.BitIncrement(MathF.Abs(nearest)) - Math.Abs(nearest));
        return Math.Abs(found - exact) / unit;
    }
}
