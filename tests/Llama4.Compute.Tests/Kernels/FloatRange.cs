namespace Llama4.Compute.Tests.Kernels;

/// <summary>Values to try a function of one number on.</summary>
internal static class FloatRange
{
    /// <summary>200,000 values, and tiny ones where the range holds zero.</summary>
    public static IEnumerable<float> Dense(float from, float to)
    {
        const int Steps = 200_000;
        for (int i = 0; i <= Steps; i++)
        {
            yield return (float)(from + (to - (double)from) * i / Steps);
        }

        for (float tiny = 1e-30f; to > 0 && tiny < 1; tiny *= 1.37f)
        {
            yield return -tiny;
            yield return tiny;
        }
    }
}
