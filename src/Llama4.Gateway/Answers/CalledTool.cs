using System.Text.Json;

namespace Llama4.Gateway.Answers;

/// <summary>A call as an answer shows it.</summary>
/// <param name="Id">What its result refers to.</param>
/// <param name="Arguments">A JSON object, as text.</param>
internal sealed record CalledTool(string Id, string Name, string Arguments)
{
    /// <param name="index">Place among the answer's calls, which a streamed call has.</param>
    public void Write(Utf8JsonWriter json, int? index = null)
    {
        json.WriteStartObject();
        if (index is { } place)
        {
            json.WriteNumber("index", place);
        }

        json.WriteString("id", Id);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", Name);
        json.WriteString("arguments", Arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
