namespace Llama4.Contracts;

/// <summary>How the next token is drawn from the logits. Every default is neutral; order and meaning: docs/decisions/sampling.md.</summary>
[GenerateSerializer, Immutable, Alias("llama4.SamplingSettings")]
public sealed record SamplingSettings
{
    /// <summary>0 takes the greatest logit; otherwise logits are divided by it.</summary>
    [Id(0)] public double Temperature { get; init; } = 1;

    /// <summary>The shortest prefix of the ordered probabilities whose sum reaches this stays. In (0, 1].</summary>
    [Id(1)] public double TopP { get; init; } = 1;

    /// <summary>The first k ids by logit stay; 0 keeps all.</summary>
    [Id(2)] public int TopK { get; init; }

    /// <summary>Ids below this share of the greatest probability are dropped. In [0, 1].</summary>
    [Id(3)] public double MinP { get; init; }

    [Id(4)] public double PresencePenalty { get; init; }

    [Id(5)] public double FrequencyPenalty { get; init; }

    [Id(6)] public double RepetitionPenalty { get; init; } = 1;

    /// <summary>Added to the logit of an id; null for none.</summary>
    [Id(7)] public Dictionary<int, double>? LogitBias { get; init; }

    /// <summary>Only these ids are drawn; null for any.</summary>
    [Id(8)] public int[]? AllowedIds { get; init; }

    /// <summary>Sequences of ids that no answer comes to have: the last of one is not drawn where the others have just been. None is empty; null for none.</summary>
    [Id(9)] public int[][]? BadSequences { get; init; }

    /// <summary>What few requests ask for; null where nothing of it is asked for.</summary>
    [Id(10)] public RareSampling? Rare { get; init; }

    /// <summary>The greatest logit is taken, after bias and penalties: there is neither noise nor cut.</summary>
    public bool IsGreedy => Temperature == 0 && Rare is not { TemperatureRange: > 0 };

    public bool HasPenalties => RepetitionPenalty != 1 || FrequencyPenalty != 0 || PresencePenalty != 0;

    /// <summary>How many of the last tokens of prompt and answer a draw must know for its penalties; int.MaxValue for all.</summary>
    public int LookBack => Math.Max(HasPenalties ? Rare?.PenaltyTokens ?? int.MaxValue : 0, Rare?.Dry?.Tokens ?? 0);

    /// <summary>Whether some ids are never drawn, whatever their logits.</summary>
    public bool IsRestricted => AllowedIds is not null || BadSequences is { Length: > 0 };
}
