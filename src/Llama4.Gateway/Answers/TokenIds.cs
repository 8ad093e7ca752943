using System.Text.Json;

namespace Llama4.Gateway.Answers;

/// <summary>Ids of tokens in the JSON of answers.</summary>
internal static class TokenIds
{
    /// <summary>Writes them as an array.</summary>
    public static void Write(Utf8JsonWriter json, IReadOnlyList<int> ids)
    {
        json.WriteStartArray();
        foreach (var id in ids)
        {
            json.WriteNumberValue(id);
        }

        json.WriteEndArray();
    }

    /// <summary>Writes them as a member.</summary>
    public static void Write(Utf8JsonWriter json, string name, IReadOnlyList<int> ids)
    {
        json.WritePropertyName(name);
        Write(json, ids);
    }
}
