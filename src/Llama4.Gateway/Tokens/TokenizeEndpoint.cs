using System.Text;
using System.Text.Json;
using System.Text.Unicode;
using Llama4.Gateway.Answers;
using Llama4.Gateway.Hosting;
using Llama4.Gateway.Requests;
using Llama4.Gateway.Requests.Fields;
using Microsoft.AspNetCore.Http;

namespace Llama4.Gateway.Tokens;

/// <summary>
/// POST /tokenize: the ids of a prompt or of a dialog, as the completions endpoints would read them (vLLM's form), or of a content
/// (llama-server's form).
/// </summary>
internal sealed class TokenizeEndpoint(GatewayOptions options, ChatRequestReader reader, TokenNames names)
{
    public async Task ServeAsync(HttpContext http, RequestLog log)
    {
        int[] ids;
        bool withStrings, withPieces;
        using (var body = await RequestBody.ReadAsync(http, options.Limits, options.Clock))
        {
            var fields = new RequestFields(body.RootElement);
            fields.CheckModel(options);
            ApiFields.Refuse(fields, FieldPlaces.Tokenize);
            withStrings = fields.Flag("return_token_strs");
            withPieces = fields.Flag("with_pieces");
            ids = await ReadAsync(fields, http.RequestAborted);
        }

        log.Finish = "tokenized";
        await JsonAnswer.SendAsync(http, json => Write(json, ids, withStrings, withPieces));
    }

    private async ValueTask<int[]> ReadAsync(RequestFields fields, CancellationToken cancellation)
    {
        if (fields.Find("messages") is not null)
        {
            return (await reader.RenderAsync(fields, ToolFields.Read(fields, options.Limits), cancellation)).Prompt;
        }

        if (fields.Text("content") is { } content)
        {
            return Encode(content, fields.Flag("parse_special", absent: true), fields.Flag("add_special"));
        }

        return fields.Text("prompt") is { } prompt
            ? Encode(prompt, specials: true, fields.Flag("add_special_tokens", absent: true))
            : throw ApiError.Invalid("One of 'prompt', 'messages' and 'content' is required.", "prompt", "missing_required_parameter");
    }

    private int[] Encode(string text, bool specials, bool bos)
    {
        var first = bos ? options.Tokenizer.BosId : null;
        if (specials)
        {
            var ids = options.Tokenizer.Encode(text, specials: true, bos: first is not null);
            return ids.Length > 1 && ids[0] == first && ids[1] == first ? ids[1..] : ids; // as /v1/completions reads it
        }

        var plain = new List<int>();
        options.Tokenizer.EncodeContent(text, plain);
        return first is { } id ? [id, .. plain] : [.. plain];
    }

    private void Write(Utf8JsonWriter json, int[] ids, bool withStrings, bool withPieces)
    {
        json.WriteStartObject();
        json.WriteNumber("count", ids.Length);
        json.WriteNumber("max_model_len", options.ContextTokensMax);
        json.WriteStartArray("tokens");
        foreach (var id in ids)
        {
            if (withPieces)
            {
                WritePiece(json, id);
            }
            else
            {
                json.WriteNumberValue(id);
            }
        }

        json.WriteEndArray();
        json.WritePropertyName("token_strs");
        if (withStrings)
        {
            JsonSerializer.Serialize(json, ids.Select(names.Text));
        }
        else
        {
            json.WriteNullValue();
        }

        json.WriteEndObject();
    }

    private void WritePiece(Utf8JsonWriter json, int id)
    {
        json.WriteStartObject();
        json.WriteNumber("id", id);
        var piece = names.Bytes(id);
        if (Utf8.IsValid(piece))
        {
            json.WriteString("piece", Encoding.UTF8.GetString(piece));
        }
        else
        {
            names.WriteBytes(json, id, "piece");
        }

        json.WriteEndObject();
    }
}
