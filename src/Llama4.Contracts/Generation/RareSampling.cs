namespace Llama4.Contracts;

/// <summary>Settings of samplers that few requests use, with llama-server's meaning. Every default is neutral; order and sources: docs/decisions/sampling.md.</summary>
[GenerateSerializer, Immutable, Alias("llama4.RareSampling")]
public sealed record RareSampling
{
    /// <summary>typical_p: of the ids ordered by how far their surprise is from the entropy, the shortest prefix whose probability reaches this stays. In (0, 1].</summary>
    [Id(0)] public double TypicalP { get; init; } = 1;

    /// <summary>top_n_sigma: logits more than so many standard deviations below the greatest are dropped; 0 drops none.</summary>
    [Id(1)] public double TopNSigma { get; init; }

    /// <summary>xtc_probability: how often the likeliest ids are dropped. In [0, 1].</summary>
    [Id(2)] public double XtcProbability { get; init; }

    /// <summary>xtc_threshold: of the ids that have this probability all but the least likely are dropped. In [0, 1]; above 0.5 none is.</summary>
    [Id(3)] public double XtcThreshold { get; init; } = 0.1;

    /// <summary>dynatemp_range: the temperature follows the entropy, from so much below <see cref="SamplingSettings.Temperature"/>, but not below 0, to so much above it. 0 for a fixed one.</summary>
    [Id(4)] public double TemperatureRange { get; init; }

    /// <summary>dynatemp_exponent: the power of the entropy's share of the greatest possible one. At least 0.</summary>
    [Id(5)] public double TemperatureExponent { get; init; } = 1;

    /// <summary>min_keep: min_p, typical_p, top_p and xtc leave at least so many ids, where there are so many.</summary>
    [Id(6)] public int MinKeep { get; init; }

    /// <summary>repeat_last_n: how many of the last tokens of prompt and answer penalties see; int.MaxValue for all.</summary>
    [Id(7)] public int PenaltyTokens { get; init; } = int.MaxValue;

    /// <summary>Null for none.</summary>
    [Id(8)] public DrySettings? Dry { get; init; }
}

/// <summary>DRY: an id that would make a repetition longer loses <see cref="Multiplier"/> times <see cref="Base"/> to the power of what its length is above <see cref="AllowedLength"/>.</summary>
[GenerateSerializer, Immutable, Alias("llama4.DrySettings")]
public sealed record DrySettings
{
    /// <summary>Above 0.</summary>
    [Id(0)] public required double Multiplier { get; init; }

    /// <summary>At least 1.</summary>
    [Id(1)] public double Base { get; init; } = 1.75;

    /// <summary>From so many repeated tokens on the next one is penalised. At least 1.</summary>
    [Id(2)] public int AllowedLength { get; init; } = 2;

    /// <summary>How many of the last tokens of prompt and answer are looked at; int.MaxValue for all.</summary>
    [Id(3)] public int Tokens { get; init; } = 64;

    /// <summary>Ids that no repetition goes over, and that are never penalised; ascending.</summary>
    [Id(4)] public int[] Breakers { get; init; } = [];

    /// <summary>Sequences of ids that no repetition goes over. None is empty.</summary>
    [Id(5)] public int[][] BreakerSequences { get; init; } = [];
}
