using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Requests.Fields;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Tokens;

/// <summary>POST /apply-template (llama-server's): a chat's dialog as the text of its prompt, special tokens by their names.</summary>
internal sealed class ApplyTemplateEndpoint(GatewayOptions options, ChatRequestReader reader)
{
    public async Task ServeAsync(HttpContext http, RequestLog log)
    {
        int[] ids;
        using (var body = await RequestBody.ReadAsync(http, options.Limits, options.Clock))
        {
            var fields = new RequestFields(body.RootElement);
            fields.CheckModel(options);
            ApiFields.Refuse(fields, FieldPlaces.Tokenize);
            (ids, _, _) = await reader.RenderAsync(fields, ToolFields.Read(fields, options.Limits), http.RequestAborted);
        }

        log.Finish = "rendered";
        await JsonAnswer.SendAsync(http, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt", options.Tokenizer.Decode(ids));
            json.WriteEndObject();
        });
    }
}
