using Llama4.Contracts;
using Llama4.Gateway.Keys;
using Llama4.Gateway.Pictures;
using Llama4.Images;
using Llama4.Tokenization;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway;

/// <summary>What the gateway must know of the model it fronts.</summary>
public sealed record GatewayOptions
{
    /// <summary>Names the model answers to; the first is the one listed first. At least one.</summary>
    public required IReadOnlyList<string> ModelIds { get; init; }

    /// <summary>Text to ids and back.</summary>
    public required Tokenizer Tokenizer { get; init; }

    /// <summary>Dialogs to prompt ids.</summary>
    public required ChatFormat ChatFormat { get; init; }

    /// <summary>How the model wants its pictures; null for a model that takes text only.</summary>
    public TileSettings? Tiles { get; init; }

    /// <summary>Whom the gateway may ask for pictures that a request names by their http(s) address.</summary>
    public ImageHosts ImageHosts { get; init; } = ImageHosts.None;

    /// <summary>Where a picture may be fetched from; tests, whose servers are on this machine, take another.</summary>
    internal PictureRoute PictureRoute { get; init; } = PictureRoute.Public;

    /// <summary>Most tokens of prompt and answer together: the lesser of the model's context and what the KV pool holds for one sequence.</summary>
    public required int ContextTokensMax { get; init; }

    /// <summary>Ids at or above this are refused in prompts, biases and stops.</summary>
    public required int VocabularySize { get; init; }

    /// <summary>Ids that end an answer unless the request says ignore_eos (eos_token_id of generation_config.json).</summary>
    public required int[] StopIds { get; init; }

    /// <summary>Settings of requests that give none (temperature and top_p of generation_config.json).</summary>
    public SamplingSettings Defaults { get; init; } = new();

    /// <summary>max_tokens of text completions that give none; 16 is OpenAI's.</summary>
    public int CompletionTokensDefault { get; init; } = 16;

    /// <summary>
    /// Requests are taken before the first token was generated, and wait for it in the cluster's queue. A cluster of many hosts may have no
    /// plan yet for as long as hosts are missing: its gateways answer 503 until then.
    /// </summary>
    public bool TakesBeforeReady { get; init; } = true;

    public GatewayLimits Limits { get; init; } = new();

    /// <summary>Who may ask; null for everybody.</summary>
    public ApiKeys? ApiKeys { get; init; }

    /// <summary>Origins whose pages may ask from a browser, like https://app.example; "*" for any. None by default.</summary>
    public IReadOnlyList<string> CorsOrigins { get; init; } = [];

    /// <summary>Prompts and answers are written to the log. Keys never are.</summary>
    public bool LogsContent { get; init; }

    /// <summary>Where ids of requests, and seeds of requests that give none, come from.</summary>
    public Func<Guid> NewId { get; init; } = Guid.NewGuid;

    /// <summary>Time of the answers' "created", of deadlines and of the log.</summary>
    public TimeProvider Clock { get; init; } = TimeProvider.System;
}
