using System.Text.Json;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Tokens;

/// <summary>POST /detokenize: the text of ids, special tokens by their names; as "prompt", which vLLM's clients read, and as "content", which llama-server's do.</summary>
internal sealed class DetokenizeEndpoint(GatewayOptions options)
{
    public async Task ServeAsync(HttpContext http, RequestLog log)
    {
        string text;
        using (var body = await RequestBody.ReadAsync(http, options.Limits, options.Clock))
        {
            var fields = new RequestFields(body.RootElement);
            fields.CheckModel(options);
            text = options.Tokenizer.Decode(ReadIds(fields.Find("tokens") ?? throw ApiError.Missing("tokens")));
        }

        log.Finish = "detokenized";
        await JsonAnswer.SendAsync(http, json =>
        {
            json.WriteStartObject();
            json.WriteString("prompt", text);
            json.WriteString("content", text);
            json.WriteEndObject();
        });
    }

    private int[] ReadIds(JsonElement tokens) => tokens.ValueKind == JsonValueKind.Array
        ? [.. tokens.EnumerateArray().Select(id => RequestFields.Int("tokens", id, 0, options.Tokenizer.VocabularySize - 1))]
        : throw ApiError.WrongType("tokens", "an array of token ids", RequestFields.Name(tokens));
}
