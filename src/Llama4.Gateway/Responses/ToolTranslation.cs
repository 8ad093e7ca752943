using System.Text.Json;
using Llama4.Gateway.Requests;

namespace Llama4.Gateway.Responses;

/// <summary>tools and tool_choice: functions stand in them without the envelope that chat has.</summary>
internal static class ToolTranslation
{
    /// <summary>How the one tool that must be called is written here.</summary>
    public const string NamedForm = """{"type":"function","name":...}""";

    /// <exception cref="ApiError">A tool is none, or not a function.</exception>
    public static void Write(Utf8JsonWriter json, RequestFields fields)
    {
        if (fields.Find("tools") is { } tools)
        {
            WriteTools(json, tools);
        }

        if (fields.Find("tool_choice") is { } choice)
        {
            WriteChoice(json, choice);
        }
    }

    private static void WriteTools(Utf8JsonWriter json, JsonElement tools)
    {
        if (tools.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.WrongType("tools", "an array", RequestFields.Name(tools));
        }

        json.WriteStartArray("tools");
        foreach (var (i, tool) in tools.EnumerateArray().Index())
        {
            if (tool.ValueKind != JsonValueKind.Object)
            {
                throw ApiError.WrongType($"tools[{i}]", "an object", RequestFields.Name(tool));
            }

            var fields = new RequestFields(tool);
            if (fields.Find("type") is not { ValueKind: JsonValueKind.String } type || !type.ValueEquals("function"))
            {
                throw ApiError.NotSupported($"'tools[{i}]' must be of type function; tools that a server runs itself are not supported.", $"tools[{i}].type");
            }

            json.WriteStartObject();
            json.WriteString("type", "function");
            json.WriteStartObject("function");
            foreach (var name in (string[])["name", "description", "parameters", "strict"])
            {
                ChatTranslation.WriteRaw(json, name, fields.Find(name));
            }

            json.WriteEndObject();
            json.WriteEndObject();
        }

        json.WriteEndArray();
    }

    private static void WriteChoice(Utf8JsonWriter json, JsonElement choice)
    {
        if (choice.ValueKind == JsonValueKind.Object && new RequestFields(choice) is var one && one.Find("name") is { } name)
        {
            json.WriteStartObject("tool_choice");
            ChatTranslation.WriteRaw(json, "type", one.Find("type"));
            json.WriteStartObject("function");
            ChatTranslation.WriteRaw(json, "name", name);
            json.WriteEndObject();
            json.WriteEndObject();
        }
        else
        {
            ChatTranslation.WriteRaw(json, "tool_choice", choice);
        }
    }
}
