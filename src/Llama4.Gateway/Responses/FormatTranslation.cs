using System.Text.Json;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>The field text: its format becomes response_format, where a schema has an envelope. Chat's own response_format stays as it is.</summary>
internal static class FormatTranslation
{
    /// <exception cref="ApiError">text is no object, or asks for another verbosity than the one there is; or both say what the answer must look like.</exception>
    public static void Write(Utf8JsonWriter json, RequestFields fields)
    {
        var chats = fields.Find("response_format");
        if (Find(fields) is not { } format)
        {
            ChatTranslation.WriteRaw(json, "response_format", chats);
            return;
        }

        if (chats is not null)
        {
            throw ApiError.Invalid("'text.format' and 'response_format' both say what the answer must look like; only one may.", "response_format");
        }

        if (format.ValueKind == JsonValueKind.Object && new RequestFields(format) is var one && one.Find("schema") is not null)
        {
            json.WriteStartObject("response_format");
            ChatTranslation.WriteRaw(json, "type", one.Find("type"));
            json.WriteStartObject("json_schema");
            foreach (var name in (string[])["name", "description", "schema", "strict"])
            {
                ChatTranslation.WriteRaw(json, name, one.Find(name));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }
        else
        {
            ChatTranslation.WriteRaw(json, "response_format", format);
        }
    }

    /// <summary>text.format as it was sent; null where nothing is said.</summary>
    /// <exception cref="ApiError">text is no object, or asks for another verbosity than the one there is.</exception>
    private static JsonElement? Find(RequestFields fields)
    {
        if (fields.Object("text") is not { } text)
        {
            return null;
        }

        var settings = new RequestFields(text);
        return settings.Find("verbosity") is { } verbosity && RequestFields.Text("text.verbosity", verbosity) != "medium"
            ? throw ApiError.NotSupported("'text.verbosity' other than medium is not supported: the prompt says how long an answer is to be.", "text.verbosity")
            : settings.Find("format");
    }
}
