namespace Llama4.Model;

/// <summary>The inverse frequencies of the rotation, with the bits of the reference implementation.</summary>
public static class RopeFrequencies
{
    /// <summary>
    /// One inverse frequency for each pair (2i, 2i+1) of a head. Every step is rounded to float32, as
    /// transformers does on tensors (modeling_rope_utils.py): a double power rounded once gives other bits for
    /// 18 of Scout's 64 frequencies, which at position 10⁷ is a different angle.
    /// </summary>
    /// <returns>[headDim / 2].</returns>
    public static float[] Compute(int headDim, double theta, RopeScaling? scaling)
    {
        var inverse = new float[headDim / 2];
        for (var i = 0; i < inverse.Length; i++)
        {
            var exponent = (float)(2 * i) / headDim;
            // A float32 power that is correctly rounded: the double power's error is far below half a float32 ulp.
            var power = (float)Math.Pow((float)theta, exponent);
            inverse[i] = scaling is null ? 1f / power : Scale(1f / power, scaling);
        }
        return inverse;
    }

    private static float Scale(float inverse, RopeScaling scaling)
    {
        float factor = (float)scaling.Factor, low = (float)scaling.LowFrequencyFactor, high = (float)scaling.HighFrequencyFactor;
        float original = scaling.OriginalPositions;
        var wavelength = (float)(2 * Math.PI) * (1f / inverse);

        // The branches come first: with low = high the blend would be 0 / 0.
        if (wavelength < (float)(scaling.OriginalPositions / scaling.HighFrequencyFactor))
            return inverse;
        if (wavelength > (float)(scaling.OriginalPositions / scaling.LowFrequencyFactor))
            return inverse / factor;
        var blend = ((1f / wavelength * original) - low) / (high - low);
        return ((1f - blend) * inverse / factor) + (blend * inverse);
    }
}
