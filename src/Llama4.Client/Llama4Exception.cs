using Llama4.Contracts;

namespace Llama4.Client;

/// <summary>The cluster refused a request, or could not answer it: in OpenAI's words, as over HTTP.</summary>
public sealed class Llama4Exception : Exception
{
    internal Llama4Exception(ChatError error, Exception? inner = null)
        : base(error.Message, inner) =>
        (Status, Type, Param, Code, RetryAfter) =
            (error.Status, error.Type, error.Param, error.Code, error.RetryAfterSeconds is { } seconds ? TimeSpan.FromSeconds(seconds) : null);

    /// <summary>400 and 404 for a request that is wrong, 413 for one too large, 429 past a limit, 500 for a failure, 503 for a cluster that is not there or not ready.</summary>
    public int Status { get; }

    /// <summary>For example invalid_request_error.</summary>
    public string Type { get; }

    /// <summary>The field that is wrong, by its name in OpenAI's API; null where it is none.</summary>
    public string? Param { get; }

    /// <summary>For example context_length_exceeded.</summary>
    public string? Code { get; }

    /// <summary>Where the same request may succeed later.</summary>
    public TimeSpan? RetryAfter { get; }
}
