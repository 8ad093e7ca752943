using Llama4.Contracts;

namespace Llama4.Gateway.Requests;

/// <summary>llama-server's fields of samplers that few requests use.</summary>
internal static class RareSamplingFields
{
    private static readonly RareSampling Neutral = new();

    /// <returns>Null where nothing is asked for.</returns>
    /// <exception cref="ApiError">A field is of the wrong type or out of its range.</exception>
    public static RareSampling? Read(RequestFields fields, GatewayOptions options)
    {
        var asked = new RareSampling
        {
            TypicalP = fields.Number("typical_p", 0, 1, above: true) ?? Neutral.TypicalP,
            TopNSigma = Math.Max(0, fields.Number("top_n_sigma", -1, 100) ?? Neutral.TopNSigma), // -1 is llama-server's word for none
            XtcProbability = fields.Number("xtc_probability", 0, 1) ?? Neutral.XtcProbability,
            XtcThreshold = fields.Number("xtc_threshold", 0, 1) ?? Neutral.XtcThreshold,
            TemperatureRange = fields.Number("dynatemp_range", 0, 2) ?? Neutral.TemperatureRange,
            TemperatureExponent = fields.Number("dynatemp_exponent", 0, 100) ?? Neutral.TemperatureExponent,
            MinKeep = fields.Int("min_keep", 0, int.MaxValue) ?? Neutral.MinKeep,
            PenaltyTokens = LastTokens(fields, "repeat_last_n") ?? Neutral.PenaltyTokens,
            Dry = DryFields.Read(fields, options),
        };
        return asked == Neutral ? null : asked;
    }

    /// <summary>How many of the last tokens are looked at; -1 stands for all.</summary>
    public static int? LastTokens(RequestFields fields, string name) => fields.Int(name, -1, int.MaxValue) switch
    {
        -1 => int.MaxValue,
        var count => count,
    };
}
