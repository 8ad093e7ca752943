using System.Text.Json;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>The field text: its format becomes response_format, where a schema has an envelope.</summary>
internal static class FormatTranslation
{
    /// <exception cref="ApiError">It is no object, or asks for another verbosity than the one there is.</exception>
    public static void Write(Utf8JsonWriter json, RequestFields fields)
    {
        if (fields.Object("text") is not { } text)
        {
            return;
        }

        var settings = new RequestFields(text);
        if (settings.Find("verbosity") is { } verbosity && RequestFields.Text("text.verbosity", verbosity) != "medium")
        {
            throw ApiError.NotSupported("'text.verbosity' other than medium is not supported: the prompt says how long an answer is to be.", "text.verbosity");
        }

        if (settings.Find("format") is not { } format)
        {
            return;
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
}
