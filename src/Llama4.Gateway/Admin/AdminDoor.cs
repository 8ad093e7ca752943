using Llama4.Contracts;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Admin;

/// <summary>What surrounds every path of the operators' interface: key, method, and the one place where a refusal becomes an error body.</summary>
internal sealed partial class AdminDoor(AdminKey key, GatewayLimits limits, ILogger<AdminDoor> logger)
{
    /// <param name="method">The only one that is taken; null for any.</param>
    public RequestDelegate Guard(string? method, Func<HttpContext, Task> serve) => async http =>
    {
        try
        {
            Check(http, method);
            await serve(http);
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            Gone(logger, http.Request.Path); // the cluster goes on with what it was asked
        }
        catch (Exception error) when (!http.Response.HasStarted)
        {
            await ErrorBody.SendAsync(http.Response, Told(error), http.RequestAborted);
        }
    };

    private void Check(HttpContext http, string? method)
    {
        if (!key.IsIn(http.Request))
        {
            throw new ApiError(401, "invalid_request_error", "The admin key is missing or wrong: send it as 'Authorization: Bearer KEY'.", code: "invalid_api_key")
            {
                Authenticate = "Bearer",
            };
        }

        if (method is not null && http.Request.Method != method)
        {
            throw Endpoints.WrongMethod(http, method);
        }
    }

    private ApiError Told(Exception error)
    {
        switch (error)
        {
            case ApiError mistake:
                return mistake;
            case ClusterRequestException refused:
                return new ApiError(409, "invalid_request_error", refused.Message, code: "cluster_refused");
            case TimeoutException late:
                return ApiError.Unavailable(late.Message, limits.RetryAfterSeconds);
            default:
                Failed(logger, error);
                return new ApiError(500, "server_error", "The request failed; the host's log says why.", code: "admin_failed");
        }
    }

    [LoggerMessage(Level = LogLevel.Information, Message = "Who asked for {Path} did not wait for the answer")]
    private static partial void Gone(ILogger logger, string path);

    [LoggerMessage(Level = LogLevel.Error, Message = "An operator's request failed")]
    private static partial void Failed(ILogger logger, Exception error);
}
