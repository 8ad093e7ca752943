using System.Globalization;
using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Requests;

/// <summary>The fields that chat and text completions share, checked: types, ranges, bounds.</summary>
internal sealed record GenerationFields
{
    public required string Model { get; init; }

    public required SamplingSettings Sampling { get; init; }

    /// <summary>Most tokens of each answer; null where the request leaves it open.</summary>
    public required int? TokensMax { get; init; }

    public required ulong? Seed { get; init; }

    public required string[] Stops { get; init; }

    public required int[] StopIds { get; init; }

    /// <summary>Answers for each prompt.</summary>
    public required int Choices { get; init; }

    public required bool Stream { get; init; }

    public required bool IncludeUsage { get; init; }

    /// <summary>Tokens come with the paths they took.</summary>
    public bool Trace { get; init; }

    public static GenerationFields Read(RequestFields fields, GatewayOptions options)
    {
        var model = fields.Text("model") ?? throw ApiError.Missing("model");
        if (!options.ModelIds.Contains(model))
        {
            throw ApiError.ModelNotFound(model, options.ModelIds);
        }

        var stream = fields.Flag("stream");
        return new GenerationFields
        {
            Model = model,
            Sampling = ReadSampling(fields, options),
            TokensMax = fields.Int("max_completion_tokens", 1, int.MaxValue) ?? fields.Int("max_tokens", 1, int.MaxValue),
            Seed = (ulong?)fields.Long("seed"),
            Stops = ReadStops(fields, options.Limits),
            StopIds = ReadStopIds(fields, options),
            Choices = fields.Int("n", 1, options.Limits.ChoicesMax) ?? 1,
            Stream = stream,
            IncludeUsage = ReadIncludeUsage(fields, stream),
            Trace = fields.Flag("llama4_path"),
        };
    }

    private static SamplingSettings ReadSampling(RequestFields fields, GatewayOptions options)
    {
        var defaults = options.Defaults;
        return new SamplingSettings
        {
            Temperature = fields.Number("temperature", 0, 2) ?? defaults.Temperature,
            TopP = fields.Number("top_p", 0, 1, above: true) ?? defaults.TopP,
            TopK = Math.Max(0, fields.Int("top_k", -1, int.MaxValue) ?? defaults.TopK), // -1 is vLLM's word for all
            MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? defaults.PresencePenalty,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? defaults.FrequencyPenalty,
            RepetitionPenalty = fields.Number("repetition_penalty", 0, 100, above: true) ?? defaults.RepetitionPenalty,
            LogitBias = ReadLogitBias(fields, options) ?? defaults.LogitBias,
        };
    }

    private static Dictionary<int, double>? ReadLogitBias(RequestFields fields, GatewayOptions options)
    {
        if (fields.Find("logit_bias") is not { } value)
        {
            return null;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType("logit_bias", "an object of token id to bias", RequestFields.Name(value));
        }

        var biases = new Dictionary<int, double>();
        foreach (var entry in value.EnumerateObject())
        {
            if (!int.TryParse(entry.Name, NumberStyles.None, CultureInfo.InvariantCulture, out var id) || id >= options.VocabularySize)
            {
                throw ApiError.Invalid(
                    $"Keys of 'logit_bias' must be token ids from 0 to {options.VocabularySize - 1}, but one is '{Shorten(entry.Name)}'.", "logit_bias");
            }

            biases[id] = RequestFields.Number("logit_bias", entry.Value, -100, 100);
            if (biases.Count > options.Limits.LogitBiasMax)
            {
                throw ApiError.Invalid($"'logit_bias' may have {options.Limits.LogitBiasMax} entries, but has more.", "logit_bias");
            }
        }

        return biases.Count == 0 ? null : biases;
    }

    private static string[] ReadStops(RequestFields fields, GatewayLimits limits)
    {
        string[] stops = fields.Find("stop") switch
        {
            null => [],
            { ValueKind: JsonValueKind.String } one => [RequestFields.Text("stop", one)],
            { ValueKind: JsonValueKind.Array } many =>
                [.. many.EnumerateArray().Take(limits.StopStringsMax + 1).Select(stop => RequestFields.Text("stop", stop))],
            { } other => throw ApiError.WrongType("stop", "a string or an array of strings", RequestFields.Name(other)),
        };

        if (stops.Length > limits.StopStringsMax)
        {
            throw ApiError.Invalid($"'stop' may have {limits.StopStringsMax} strings, but has more.", "stop");
        }

        foreach (var stop in stops)
        {
            if (stop.Length == 0 || stop.Length > limits.StopCharsMax)
            {
                throw ApiError.Invalid($"A stop string must have 1 to {limits.StopCharsMax} characters, but one has {stop.Length}.", "stop");
            }
        }

        return stops;
    }

    private static int[] ReadStopIds(RequestFields fields, GatewayOptions options)
    {
        var standard = fields.Flag("ignore_eos") ? [] : options.StopIds;
        if (fields.Find("stop_token_ids") is not { } value)
        {
            return standard;
        }

        if (value.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.WrongType("stop_token_ids", "an array of token ids", RequestFields.Name(value));
        }

        if (value.GetArrayLength() > options.Limits.StopIdsMax)
        {
            throw ApiError.Invalid($"'stop_token_ids' may have {options.Limits.StopIdsMax} ids, but has {value.GetArrayLength()}.", "stop_token_ids");
        }

        return [.. standard, .. value.EnumerateArray().Select(id => RequestFields.Int("stop_token_ids", id, 0, options.VocabularySize - 1))];
    }

    private static bool ReadIncludeUsage(RequestFields fields, bool stream)
    {
        if (fields.Find("stream_options") is not { } value)
        {
            return false;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType("stream_options", "an object", RequestFields.Name(value));
        }

        return stream
            ? new RequestFields(value).Flag("include_usage")
            : throw ApiError.Invalid("'stream_options' is only allowed when 'stream' is true.", "stream_options");
    }

    private static string Shorten(string name) => name.Length <= 40 ? name : name[..40] + "…";
}
