using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace Llama4.Gateway.Hosting;

/// <summary>
/// What surrounds every endpoint that generates: method, gate, the one place where a refusal becomes an error body, what is counted, and the log line.
/// </summary>
internal sealed partial class GuardedEndpoint(GatewayOptions options, RequestGate gate, GatewayMetrics metrics, ILogger<GuardedEndpoint> logger)
{
    public RequestDelegate Post(string name, Func<HttpContext, RequestLog, Task> serve) => http => ServeAsync(http, new RequestLog(name, http, new AnswerTimes(metrics, options.Clock)), serve);

    private async Task ServeAsync(HttpContext http, RequestLog log, Func<HttpContext, RequestLog, Task> serve)
    {
        var start = options.Clock.GetTimestamp();
        try
        {
            await EnterAndServeAsync(http, log, serve);
            if (log.Failure is { } failure)
            {
                Failed(logger, failure, log.Id);
            }
        }
        catch (ApiError error) when (!http.Response.HasStarted)
        {
            log.Finish = error.Code ?? error.Type;
            await ErrorBody.SendAsync(http.Response, error, http.RequestAborted);
        }
        catch (StalledReaderException)
        {
            log.Finish = "client_stalled";
        }
        catch (Exception) when (http.RequestAborted.IsCancellationRequested)
        {
            log.Finish = "client_gone"; // nobody is left to tell
        }
        catch (Exception error)
        {
            Failed(logger, error, log.Id);
            log.Finish = "failed";
            await FailAsync(http);
        }
        finally
        {
            var elapsed = options.Clock.GetElapsedTime(start);
            metrics.Count(log, elapsed);
            log.Write(logger, elapsed);
        }
    }

    private async Task EnterAndServeAsync(HttpContext http, RequestLog log, Func<HttpContext, RequestLog, Task> serve)
    {
        if (!HttpMethods.IsPost(http.Request.Method))
        {
            throw Endpoints.WrongMethod(http, "POST");
        }

        gate.Enter(log.Caller.Name);
        try
        {
            await ServeWithinLimitsAsync(http, log, serve);
        }
        finally
        {
            gate.Leave(log.Caller.Name);
        }
    }

    private static async Task ServeWithinLimitsAsync(HttpContext http, RequestLog log, Func<HttpContext, RequestLog, Task> serve)
    {
        log.Caller.Enter();
        try
        {
            await serve(http, log);
        }
        finally
        {
            log.Caller.Settle(log.Usage.PromptTokens + log.Usage.GeneratedTokens);
            log.Caller.Leave();
        }
    }

    private static async Task FailAsync(HttpContext http)
    {
        if (http.Response.HasStarted)
        {
            http.Abort(); // a body cut short must not look complete
            return;
        }

        await ErrorBody.SendAsync(http.Response, ApiError.Failed("The gateway failed; its log says why."), http.RequestAborted);
    }

    [LoggerMessage(Level = LogLevel.Error, Message = "Request {Request} failed")]
    private static partial void Failed(ILogger logger, Exception error, string request);
}
