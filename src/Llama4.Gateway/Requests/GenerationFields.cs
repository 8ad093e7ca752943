using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Requests;

/// <summary>The fields that chat and text completions share, checked: types, ranges, bounds.</summary>
internal sealed record GenerationFields
{
    /// <summary>Most best log-probabilities for a token, of the answer or the prompt: OpenAI's bound and vLLM's default one.</summary>
    public const int LogprobsMax = 20;

    public required string Model { get; init; }

    public required SamplingSettings Sampling { get; init; }

    /// <summary>Most tokens of each answer; null where the request leaves it open. 0 where only the prompt is asked about.</summary>
    public required int? TokensMax { get; init; }

    /// <summary>The request leaves it open in so many words: as many as the context holds, whatever the endpoint's default is.</summary>
    public bool FillsContext { get; private init; }

    public required ulong? Seed { get; init; }

    public required string[] Stops { get; init; }

    public required int[] StopIds { get; init; }

    /// <summary>Answers for each prompt.</summary>
    public required int Choices { get; init; }

    public required bool Stream { get; init; }

    public required StreamUsage StreamUsage { get; init; }

    /// <summary>The stop string, or the text of the stop token, stays in the answer.</summary>
    public bool KeepsStops { get; private init; }

    /// <summary>Special tokens are shown by their names.</summary>
    public bool ShowsSpecials { get; private init; }

    /// <summary>Log-probabilities name a token by its id.</summary>
    public bool NamesTokensByIds { get; private init; }

    /// <summary>How many of a prompt's tokens are kept; -1 for as many as the context holds beside the answer, null for all.</summary>
    public int? PromptTokensKept { get; private init; }

    /// <summary>They are its first ones, not its last.</summary>
    public bool KeepsPromptStart { get; private init; }

    /// <summary>Before the answer has so many tokens neither a stop id nor a stop string ends it.</summary>
    public int TokensMin { get; private init; }

    /// <summary>The answer comes with its token ids and those of its prompt.</summary>
    public bool ReturnsIds { get; private init; }

    /// <summary>Keys and values are shared with requests of the same salt only; empty like any other.</summary>
    public string CacheSalt { get; private init; } = "";

    /// <summary>The answer begins with its prompt, or the message that it goes on with.</summary>
    public bool Echoes { get; private init; }

    /// <summary>How many best ids the answer's prompt_logprobs have for each token of the prompt; null for no prompt_logprobs.</summary>
    public int? PromptLogprobs { get; private init; }

    /// <summary>Tokens come with the paths they took.</summary>
    public bool Trace { get; init; }

    public static GenerationFields Read(RequestFields fields, GatewayOptions options)
    {
        var model = fields.CheckModel(options) ?? options.ModelIds[0];
        var stream = fields.Flag("stream");
        var (echoes, promptLogprobs) = (fields.Flag("echo"), ReadPromptLogprobs(fields, stream));
        var length = AnswerLength.Read(fields, least: echoes || promptLogprobs is not null ? 0 : 1);
        return new GenerationFields
        {
            Model = model,
            Sampling = ReadSampling(fields, options),
            TokensMax = length.TokensMax,
            FillsContext = length.FillsContext,
            Echoes = echoes,
            PromptLogprobs = promptLogprobs,
            Seed = (ulong?)fields.Long("seed"),
            Stops = ReadStops(fields, options.Limits),
            StopIds = ReadStopIds(fields, options),
            Choices = ReadChoices(fields, options.Limits),
            Stream = stream,
            StreamUsage = ReadStreamUsage(fields, stream),
            KeepsStops = fields.Flag("include_stop_str_in_output"),
            ShowsSpecials = !fields.Flag("skip_special_tokens", absent: true),
            NamesTokensByIds = fields.Flag("return_tokens_as_token_ids"),
            PromptTokensKept = PromptTruncation.ReadTokensKept(fields),
            KeepsPromptStart = PromptTruncation.ReadSide(fields) == "right",
            TokensMin = fields.Int("min_tokens", 0, int.MaxValue) ?? 0,
            ReturnsIds = fields.Flag("return_token_ids"),
            CacheSalt = ReadCacheSalt(fields, options.Limits),
            Trace = fields.Flag("llama4_path"),
        };
    }

    private static int ReadChoices(RequestFields fields, GatewayLimits limits)
    {
        var choices = fields.Int("n", 1, limits.ChoicesMax) ?? fields.Int("n_cmpl", 1, limits.ChoicesMax) ?? 1;
        return fields.Int("best_of", 1, int.MaxValue) is { } bestOf && bestOf != choices
            ? throw ApiError.NotSupported($"'best_of' other than n ({choices}) is not supported.", "best_of")
            : choices;
    }

    /// <summary>llama-server's n_probs: how many best log-probabilities are told; null for no log-probabilities.</summary>
    public static int? ReadProbs(RequestFields fields) => fields.Int("n_probs", 0, LogprobsMax) is > 0 and var best ? best : null;

    private static int? ReadPromptLogprobs(RequestFields fields, bool stream) => fields.Int("prompt_logprobs", 0, LogprobsMax) switch
    {
        not null when stream => throw ApiError.NotSupported("'prompt_logprobs' is not supported with 'stream'; 'echo' with 'logprobs' is.", "prompt_logprobs"),
        var asked => asked,
    };

    private static string ReadCacheSalt(RequestFields fields, GatewayLimits limits) => fields.Text("cache_salt") switch
    {
        null => "",
        var salt when salt.Length > 0 && salt.Length <= limits.CacheSaltCharsMax => salt,
        var salt => throw ApiError.Invalid($"'cache_salt' must have 1 to {limits.CacheSaltCharsMax} characters, but has {salt.Length}.", "cache_salt"),
    };

    private static SamplingSettings ReadSampling(RequestFields fields, GatewayOptions options)
    {
        var defaults = options.Defaults;
        return new SamplingSettings
        {
            Temperature = fields.Number("temperature", 0, double.MaxValue) ?? defaults.Temperature,
            TopP = fields.Number("top_p", 0, 1, above: true) ?? defaults.TopP,
            TopK = Math.Max(0, fields.Int("top_k", -1, int.MaxValue) ?? defaults.TopK), // -1 is vLLM's word for all
            MinP = fields.Number("min_p", 0, 1) ?? defaults.MinP,
            PresencePenalty = fields.Number("presence_penalty", -2, 2) ?? defaults.PresencePenalty,
            FrequencyPenalty = fields.Number("frequency_penalty", -2, 2) ?? defaults.FrequencyPenalty,
            RepetitionPenalty = fields.Number("repetition_penalty", 0, 100, above: true)
                ?? fields.Number("repeat_penalty", 0, 100, above: true) ?? defaults.RepetitionPenalty,
            LogitBias = LogitBias.Read(fields, options) ?? defaults.LogitBias,
            AllowedIds = ForbiddenTokens.ReadAllowed(fields, options),
            BadSequences = ForbiddenTokens.ReadBadWords(fields, options),
            Rare = RareSamplingFields.Read(fields, options),
        };
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

    private static StreamUsage ReadStreamUsage(RequestFields fields, bool stream)
    {
        if (fields.Find("stream_options") is not { } value)
        {
            return StreamUsage.None;
        }

        if (value.ValueKind != JsonValueKind.Object)
        {
            throw ApiError.WrongType("stream_options", "an object", RequestFields.Name(value));
        }

        var settings = new RequestFields(value);
        return (stream, settings.Flag("include_usage"), settings.Flag("continuous_usage_stats")) switch
        {
            (false, _, _) => throw ApiError.Invalid("'stream_options' is only allowed when 'stream' is true.", "stream_options"),
            (_, false, _) => StreamUsage.None, // as vLLM has it: the one is a part of the other
            (_, _, var continuous) => continuous ? StreamUsage.Continuous : StreamUsage.AtEnd,
        };
    }
}

/// <summary>Where a stream tells tokens used.</summary>
internal enum StreamUsage
{
    None,

    /// <summary>In a chunk of its own behind all choices.</summary>
    AtEnd,

    /// <summary>In every chunk too, of its choice until then.</summary>
    Continuous,
}
