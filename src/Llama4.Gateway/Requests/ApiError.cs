namespace Llama4.Gateway.Requests;

/// <summary>
/// A request that is refused: the HTTP status and the fields of OpenAI's error body. Thrown by whoever finds the mistake and
/// written in one place, <see cref="ErrorBody"/>.
/// </summary>
internal sealed class ApiError(int status, string type, string message, string? param = null, string? code = null) : Exception(message)
{
    public int Status { get; } = status;

    public string Type { get; } = type;

    public string? Param { get; } = param;

    public string? Code { get; } = code;

    /// <summary>Seconds; sent where the same request may succeed later.</summary>
    public int? RetryAfterSeconds { get; init; }

    /// <summary>The Allow header of a 405.</summary>
    public string? Allow { get; init; }

    /// <summary>The WWW-Authenticate header of a 401.</summary>
    public string? Authenticate { get; init; }

    public static ApiError Invalid(string message, string? param, string code = "invalid_value") =>
        new(400, "invalid_request_error", message, param, code);

    public static ApiError Missing(string param) =>
        Invalid($"'{param}' is required.", param, "missing_required_parameter");

    public static ApiError WrongType(string param, string expected, string found) =>
        Invalid($"'{param}' must be {expected}, but is {found}.", param, "invalid_type");

    public static ApiError NotSupported(string message, string param) =>
        Invalid(message, param, "unsupported_parameter");

    public static ApiError ContextLength(int contextTokensMax, int promptTokens, int? answerTokens, string param) => Invalid(
        answerTokens is { } answer
            ? $"The context holds {contextTokensMax} tokens, but {(long)promptTokens + answer} were asked for: "
                + $"{promptTokens} of the prompt and {answer} of the answer."
            : $"The context holds {contextTokensMax} tokens, one of the answer at least, but the prompt alone has {promptTokens}.",
        param,
        "context_length_exceeded");

    /// <summary>Found while drawing: fields that forbid tokens leave none.</summary>
    public static ApiError NothingAllowed(string message) => Invalid(message, param: null, "no_token_allowed");

    public static ApiError ModelNotFound(string asked, IReadOnlyList<string> models) => new(
        404,
        "invalid_request_error",
        $"The model '{asked}' does not exist. Served here: {string.Join(", ", models)}.",
        "model",
        "model_not_found");

    public static ApiError TooLarge(long bytes, int bytesMax, string ofWhat = "") => new(
        413,
        "invalid_request_error",
        $"The body may have {bytesMax} bytes{ofWhat}, but has {(bytes > bytesMax ? bytes.ToString() : "more")}.",
        code: "request_too_large");

    public static ApiError TooMany(string message, int retryAfterSeconds) =>
        new(429, "rate_limit_error", message, code: "rate_limit_exceeded") { RetryAfterSeconds = retryAfterSeconds };

    public static ApiError Unavailable(string message, int retryAfterSeconds) =>
        new(503, "server_error", message, code: "service_unavailable") { RetryAfterSeconds = retryAfterSeconds };

    public static ApiError ShuttingDown(int retryAfterSeconds) =>
        Unavailable("The server is shutting down.", retryAfterSeconds);

    public static ApiError Failed(string message) =>
        new(500, "server_error", message, code: "generation_failed");
}
