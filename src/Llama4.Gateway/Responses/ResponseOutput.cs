using Llama4.Gateway.Answers;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Responses;

/// <summary>The form of /v1/responses: an object with items, or the events in which it comes to be.</summary>
internal sealed class ResponseOutput(ResponseSettings settings, ChatAnswerFormat format, GatewayOptions options) : IAnswerOutput
{
    public string IdPrefix => "resp_";

    public IAnswerStream OpenStream(HttpContext http, AnswerHead head, TimeSpan stalledReaderLimit) =>
        new ResponseStream(new SseConnection(http, stalledReaderLimit), new ResponseObject(head, settings, format, options));

    public IWholeAnswer OpenWhole(AnswerHead head, int choices) => new WholeResponse(new ResponseObject(head, settings, format, options));
}
