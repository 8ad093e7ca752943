using System.Text.Json;

namespace Llama4.Gateway.Answers;

/// <summary>A call as an answer shows it.</summary>
/// <param name="Id">What its result refers to.</param>
/// <param name="Arguments">A JSON object, as text; of an answer that was cut in mid-call, its beginning.</param>
internal sealed record CalledTool(string Id, string Name, string Arguments)
{
    /// <summary>The answer ended inside it.</summary>
    public bool IsCut { get; init; }

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("id", Id);
        json.WriteString("type", "function");
        json.WriteStartObject("function");
        json.WriteString("name", Name);
        json.WriteString("arguments", Arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}

/// <summary>A piece of a call as a stream shows it: the first has id and name, all of them together the arguments.</summary>
/// <param name="Index">Place among the answer's calls.</param>
/// <param name="Id">Of a first piece.</param>
/// <param name="Name">Of a first piece.</param>
internal sealed record CallPiece(int Index, string? Id, string? Name, string Arguments)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteNumber("index", Index);
        if (Id is not null)
        {
            json.WriteString("id", Id);
            json.WriteString("type", "function");
        }

        json.WriteStartObject("function");
        if (Name is not null)
        {
            json.WriteString("name", Name);
        }

        json.WriteString("arguments", Arguments);
        json.WriteEndObject();
        json.WriteEndObject();
    }
}
