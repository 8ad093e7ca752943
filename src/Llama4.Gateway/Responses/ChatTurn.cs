using System.Text.Json;
using Llama4.Gateway.Answers;

namespace Llama4.Gateway.Responses;

/// <summary>One message of the chat request, made of one or several input items.</summary>
/// <param name="Role">As chat has it.</param>
/// <param name="Origin">The item it comes from, for errors: <c>input[3]</c>.</param>
internal sealed record ChatTurn(string Role, string Origin)
{
    /// <summary>Its text, where it has no parts.</summary>
    public string? Text { get; init; }

    /// <summary>Its parts; null where it is one text, or calls alone.</summary>
    public IReadOnlyList<ChatPart>? Parts { get; init; }

    /// <summary>What the content was called in the item.</summary>
    public string ContentName { get; init; } = ".content";

    /// <summary>The calls it makes, each with the item it comes from.</summary>
    public List<ChatCall> Calls { get; } = [];

    /// <summary>A message of one text that is a field by itself.</summary>
    public static ChatTurn Of(string role, string text, string origin) => new(role, origin) { Text = text, ContentName = "" };

    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("role", Role);
        if (Parts is not null)
        {
            json.WriteStartArray("content");
            foreach (var part in Parts)
            {
                part.Write(json);
            }

            json.WriteEndArray();
        }
        else
        {
            json.WriteString("content", Text);
        }

        if (Calls.Count > 0)
        {
            json.WriteStartArray("tool_calls");
            foreach (var call in Calls)
            {
                call.Call.Write(json);
            }

            json.WriteEndArray();
        }

        json.WriteEndObject();
    }
}

/// <summary>A part of a message: a text, or a picture's address.</summary>
internal sealed record ChatPart(string? Text, string? ImageUrl)
{
    public void Write(Utf8JsonWriter json)
    {
        json.WriteStartObject();
        json.WriteString("type", Text is null ? "image_url" : "text");
        if (Text is not null)
        {
            json.WriteString("text", Text);
        }
        else
        {
            json.WriteStartObject("image_url");
            json.WriteString("url", ImageUrl);
            json.WriteEndObject();
        }

        json.WriteEndObject();
    }
}

/// <summary>A call that the model made.</summary>
/// <param name="Origin">The item it comes from, for errors.</param>
internal sealed record ChatCall(CalledTool Call, string Origin);
