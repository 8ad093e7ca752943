namespace Llama4.Model;

/// <summary>
/// The tower's rotation in two dimensions. Of a head's pairs the first half turns by the patch's column, the second by its row, both counted from 1
/// (transformers modeling_llama4.py, Llama4VisionRotaryEmbedding); the class token, which comes last, does not turn.
/// </summary>
internal static class VisionRotation
{
    /// <returns>[positions, head size]: cos and sin of each pair in turn.</returns>
    public static float[] Table(VisionConfig vision)
    {
        // Half of the pairs, with frequencies as of a head of half the size.
        var frequencies = RopeFrequencies.Compute(vision.HeadDim / 2, vision.RopeTheta, null);
        var table = new float[vision.Positions * vision.HeadDim];
        for (var position = 0; position < vision.Positions; position++)
        {
            var isClass = position == vision.Patches;
            var row = table.AsSpan(position * vision.HeadDim, vision.HeadDim);
            for (var i = 0; i < frequencies.Length; i++)
            {
                Turn(row[(2 * i)..], isClass ? 0 : (position % vision.PatchesOfSide + 1) * frequencies[i]);
                Turn(row[(2 * (frequencies.Length + i))..], isClass ? 0 : (position / vision.PatchesOfSide + 1) * frequencies[i]);
            }
        }
        return table;
    }

    /// <param name="angle">The fp32 product, as the reference takes it.</param>
    private static void Turn(Span<float> pair, float angle) => (pair[0], pair[1]) = ((float)Math.Cos(angle), (float)Math.Sin(angle));
}
