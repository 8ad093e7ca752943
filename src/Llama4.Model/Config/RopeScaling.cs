namespace Llama4.Model;

/// <summary>
/// "llama3" scaling of the inverse frequencies: wavelengths beyond OriginalPositions / LowFrequencyFactor are
/// stretched by <paramref name="Factor"/>, those below OriginalPositions / HighFrequencyFactor stay, and those
/// between are blended. Scout: 16, 1, 1, 8192 — a hard threshold; Maverick: none.
/// </summary>
public sealed record RopeScaling(double Factor, double LowFrequencyFactor, double HighFrequencyFactor, int OriginalPositions)
{
    /// <summary>The factors of early Scout configs, corrected by Meta to 16/1/1 (llama-models pull request 322).</summary>
    public bool IsStaleScout => Factor == 8 && LowFrequencyFactor == 1 && HighFrequencyFactor == 4;

    internal static (double Theta, RopeScaling? Scaling) Read(ConfigFields text)
    {
        // transformers 5 writes rope_parameters with rope_theta inside; the released checkpoints rope_scaling beside rope_theta.
        var section = text.Section("rope_parameters") ?? text.Section("rope_scaling");
        var theta = section is not null && section.HasValue("rope_theta")
            ? section.Positive("rope_theta")
            : text.PositiveOr("rope_theta", 500_000);
        if (section is null)
            return (theta, null);

        var typeKey = section.HasValue("rope_type") ? "rope_type" : "type";
        switch (section.Text(typeKey))
        {
            case null or "default":
                return (theta, null);
            case "llama3":
                break;
            default:
                throw section.Wrong(typeKey, "\"llama3\" or \"default\"");
        }
        var scaling = new RopeScaling(
            section.Positive("factor"),
            section.Positive("low_freq_factor"),
            section.Positive("high_freq_factor"),
            section.Size("original_max_position_embeddings", int.MaxValue));
        if (scaling.HighFrequencyFactor < scaling.LowFrequencyFactor)
            throw section.Wrong("high_freq_factor", $"at least low_freq_factor ({scaling.LowFrequencyFactor})");
        return (theta, scaling);
    }
}
