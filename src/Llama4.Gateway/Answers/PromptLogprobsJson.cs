using System.Globalization;
using System.Text.Json;
using Llama4.Contracts;

namespace Llama4.Gateway.Answers;

/// <summary>prompt_logprobs as vLLM writes it: null for the first token; for each other an object of the token itself and the best ids, by id.</summary>
internal static class PromptLogprobsJson
{
    /// <param name="top">How many best ids are shown; the report may have more.</param>
    public static void Write(Utf8JsonWriter json, TokenNames names, PromptReport report, int top)
    {
        json.WriteStartArray("prompt_logprobs");
        for (var i = 0; i < report.Ids.Count; i++)
        {
            if (report[i] is { } told)
            {
                Write(json, names, report.Ids[i], told, top);
            }
            else
            {
                json.WriteNullValue();
            }
        }

        json.WriteEndArray();
    }

    private static void Write(Utf8JsonWriter json, TokenNames names, int id, PromptLogprob told, int top)
    {
        json.WriteStartObject();
        Write(json, names, id, told.Logprob, told.Rank);
        for (var i = 0; i < told.Top.Length && i < top; i++)
        {
            if (told.Top[i].Id != id)
            {
                Write(json, names, told.Top[i].Id, told.Top[i].Logprob, i + 1);
            }
        }

        json.WriteEndObject();
    }

    private static void Write(Utf8JsonWriter json, TokenNames names, int id, double logprob, int rank)
    {
        json.WriteStartObject(id.ToString(CultureInfo.InvariantCulture));
        json.WriteNumber("logprob", TokenNames.Finite(logprob));
        json.WriteNumber("rank", rank);
        json.WriteString("decoded_token", names.Decoded(id));
        json.WriteEndObject();
    }
}
