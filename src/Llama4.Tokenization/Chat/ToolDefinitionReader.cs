using System.Text.Json;
using static Llama4.Tokenization.Chat.ChatJson;

namespace Llama4.Tokenization.Chat;

/// <summary>Reads the tools on offer: OpenAI's <c>{"type":"function","function":{"name",...}}</c>, or the function alone, as templates may be given it.</summary>
public static class ToolDefinitionReader
{
    /// <summary>Reads the array <paramref name="tools"/>; the result does not depend on its document.</summary>
    /// <exception cref="ChatRequestException">Something is not of the form, or two tools have one name; it says where.</exception>
    public static IReadOnlyList<ToolDefinition> Read(JsonElement tools, string param = "tools")
    {
        if (tools.ValueKind != JsonValueKind.Array)
        {
            throw new ChatRequestException($"Expected a list of tools, found {Shown(tools)}.", param);
        }

        var read = new List<ToolDefinition>();
        var names = new HashSet<string>();
        foreach (var (i, tool) in tools.EnumerateArray().Index())
        {
            var one = ReadTool(tool, $"{param}[{i}]");
            read.Add(names.Add(one.Name) ? one : throw new ChatRequestException($"Expected names of which no two are equal, found \"{one.Name}\" again.", $"{param}[{i}]"));
        }

        return read;
    }

    private static ToolDefinition ReadTool(JsonElement tool, string param)
    {
        if (tool.ValueKind != JsonValueKind.Object)
        {
            throw new ChatRequestException($"Expected a tool, an object, found {Shown(tool)}.", param);
        }

        CheckText(tool, param);
        if (Optional(tool, "type") is { } type && Text(type, $"{param}.type") is not "function" and var other)
        {
            throw new ChatRequestException($"Expected a tool of type function, found \"{other}\".", $"{param}.type");
        }

        var isAlone = Optional(tool, "function") is null && Optional(tool, "name") is not null;
        var function = isAlone ? tool : Required(tool, "function", $"{param}.function");
        var place = isAlone ? param : $"{param}.function";
        var name = Text(Required(function, "name", $"{place}.name"), $"{place}.name");
        if (Optional(function, "parameters") is { } parameters && parameters.ValueKind != JsonValueKind.Object)
        {
            throw new ChatRequestException($"Expected a JSON Schema, an object, found {Shown(parameters)}.", $"{place}.parameters");
        }

        return new ToolDefinition(name, tool.Clone());
    }
}
