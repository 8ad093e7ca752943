using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Requests;

/// <summary>The fields of DRY: dry_multiplier and those that say how.</summary>
internal static class DryFields
{
    private const string Breakers = "dry_sequence_breakers";

    /// <returns>Null where DRY is not asked for; what says how is checked even so.</returns>
    /// <exception cref="ApiError">A field is of the wrong type or out of its range.</exception>
    public static DrySettings? Read(RequestFields fields, GatewayOptions options)
    {
        var asked = new DrySettings { Multiplier = fields.Number("dry_multiplier", 0, 100) ?? 0 };
        asked = asked with
        {
            Base = fields.Number("dry_base", 1, 100) ?? asked.Base,
            AllowedLength = fields.Int("dry_allowed_length", 1, int.MaxValue) ?? asked.AllowedLength,
            Tokens = RareSamplingFields.LastTokens(fields, "dry_penalty_last_n") ?? asked.Tokens,
        };
        var texts = ReadBreakers(fields, options.Limits);
        if (asked.Multiplier == 0 || asked.Tokens == 0)
        {
            return null;
        }

        var breakers = texts is null ? SequenceBreakers.Default(options.Tokenizer) : SequenceBreakers.Of(texts, options.Tokenizer);
        return breakers.Ids.Length <= options.Limits.DryBreakerIdsMax
            ? asked with { Breakers = breakers.Ids, BreakerSequences = breakers.Sequences }
            : throw ApiError.Invalid($"The strings of '{Breakers}' may be in {options.Limits.DryBreakerIdsMax} tokens of the vocabulary, but are in {breakers.Ids.Length}.", Breakers);
    }

    /// <returns>Null for llama-server's own.</returns>
    private static string[]? ReadBreakers(RequestFields fields, GatewayLimits limits)
    {
        if (fields.Find(Breakers) is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.WrongType(Breakers, "an array of strings", RequestFields.Name(value));
        }

        if (value.GetArrayLength() > limits.DryBreakersMax)
        {
            throw ApiError.Invalid($"'{Breakers}' may have {limits.DryBreakersMax} entries, but has {value.GetArrayLength()}.", Breakers);
        }

        string[] texts = [.. value.EnumerateArray().Select(text => RequestFields.Text(Breakers, text)).Distinct()];
        if (Array.Find(texts, text => text.Length == 0 || text.Length > limits.DryBreakerCharsMax) is { } wrong)
        {
            throw ApiError.Invalid($"A string of '{Breakers}' must have 1 to {limits.DryBreakerCharsMax} characters, but one has {wrong.Length}.", Breakers);
        }

        return texts.AsSpan().SequenceEqual(SequenceBreakers.DefaultTexts) ? null : texts;
    }
}
