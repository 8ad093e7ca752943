using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Requests.Fields;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Responses;

/// <summary>
/// POST /v1/responses, without state: a request is written anew as the chat request it means and read by the one reader of dialogs;
/// its answer leaves as items and their events. Nothing is stored, and every answer says so.
/// </summary>
internal sealed class ResponsesEndpoint(GatewayOptions options, ChatRequestReader reader, ChatAnswerFormat format, AnswerRunner runner)
{
    public async Task ServeAsync(HttpContext http, RequestLog log)
    {
        AnswerRequest request;
        ResponseSettings settings;
        using (var body = await RequestBody.ReadAsync(http, options.Limits, options.Clock))
        {
            var fields = new RequestFields(body.RootElement);
            ApiFields.Refuse(fields, FieldPlaces.Responses);
            var translation = ChatTranslation.Of(fields);
            request = await ReadAsync(translation, http.RequestAborted);
            settings = ResponseSettings.Read(fields, request);
        }

        await runner.RunAsync(http, log, request, new ResponseOutput(settings, format.For(request.Fields), options));
    }

    private async ValueTask<AnswerRequest> ReadAsync(ChatTranslation translation, CancellationToken cancellation)
    {
        try
        {
            using var chat = translation.ToJson();
            return await reader.ReadAsync(new RequestFields(chat.RootElement), cancellation) with { PromptParam = "input" };
        }
        catch (ApiError error)
        {
            throw translation.Names.Translated(error);
        }
    }
}
