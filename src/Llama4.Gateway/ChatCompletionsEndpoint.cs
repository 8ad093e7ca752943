using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway;

/// <summary>
/// Step 1: POST /v1/chat/completions. Validates the request, renders its dialog to token ids and calls the engine;
/// what comes back leaves through step 10, <see cref="SseWriter"/>.
/// </summary>
internal sealed class ChatCompletionsEndpoint(GatewayOptions options, ChatRequestReader reader, AnswerRunner runner)
{
    public async Task ServeAsync(HttpContext http, RequestLog log)
    {
        AnswerRequest request;
        using (var body = await RequestBody.ReadAsync(http, options.Limits, options.Clock))
        {
            request = await reader.ReadAsync(new RequestFields(body.RootElement), http.RequestAborted);
        }

        await runner.RunAsync(http, log, request);
    }
}
