namespace Llama4.Compute.Tests;

/// <summary>Seeded values, and arrays as one of the activations' types holds them.</summary>
internal static class Samples
{
    /// <summary>Uniform in ±<paramref name="scale"/>.</summary>
    public static float[] Floats(int seed, int count, double scale = 1)
    {
        var random = new Random(seed);
        var values = new float[count];
        for (int i = 0; i < count; i++)
        {
            values[i] = (float)((random.NextDouble() * 2 - 1) * scale);
        }

        return values;
    }

    public static int[] Integers(int seed, int count, int below)
    {
        var random = new Random(seed);
        return [.. Enumerable.Range(0, count).Select(_ => random.Next(below))];
    }

    /// <summary>R(x) of the type: what a tensor of it keeps.</summary>
    public static float As(this float value, DType type) => type == DType.BF16 ? Bf16.RoundTrip(value) : value;

    public static float[] As(this float[] values, DType type) => Array.ConvertAll(values, value => value.As(type));

    public static float[] Row(this float[] values, int row, int width) => values[(row * width)..((row + 1) * width)];
}
