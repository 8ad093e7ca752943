using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Keys;

/// <summary>
/// In front of every path, between routing and the endpoints: who has no key is told so. Paths are guarded unless they say
/// <c>AllowAnonymous()</c>, so that one that is added later is not open by oversight.
/// </summary>
internal sealed partial class KeyDoor(KeyRing keys, ILogger<KeyDoor> logger)
{
    public Task PassAsync(HttpContext http, RequestDelegate next)
    {
        if (keys.IsOpen || http.GetEndpoint()?.Metadata.GetMetadata<IAllowAnonymous>() is not null)
        {
            return next(http);
        }

        var presented = PresentedKey.In(http.Request);
        if (presented is null || keys.Find(presented) is not { } caller)
        {
            Refused(logger, http.Connection.RemoteIpAddress?.ToString() ?? "unknown", presented is null ? "it has no key" : "its key is not known");
            return ErrorBody.SendAsync(http.Response, Refusal(presented), http.RequestAborted);
        }

        http.Features.Set(caller);
        caller.TellIn(http.Response);
        return next(http);
    }

    private static ApiError Refusal(string? presented) => new(
        401,
        "invalid_request_error",
        presented is null
            ? "An API key is needed: send it as 'Authorization: Bearer KEY' or 'x-api-key: KEY'."
            : $"The API key is not known here{(presented.Length < ApiKey.CharsMin ? $"; keys have at least {ApiKey.CharsMin} characters" : "")}.",
        code: "invalid_api_key")
    {
        Authenticate = presented is null ? "Bearer" : "Bearer error=\"invalid_token\"",
    };

    // Neither the key nor the path: both are the caller's own text.
    [LoggerMessage(Level = LogLevel.Information, Message = "A request from {Address} was refused: {Fault}")]
    private static partial void Refused(ILogger logger, string address, string fault);
}
