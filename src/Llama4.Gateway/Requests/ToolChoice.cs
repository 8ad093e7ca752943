using System.Text.Json;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Requests;

/// <summary>Whether a model may or must call a tool.</summary>
internal enum ToolChoiceKind
{
    None,
    Auto,

    /// <summary>Some tool must be called.</summary>
    Required,

    /// <summary>One tool must be called.</summary>
    Named,
}

/// <summary>The field tool_choice.</summary>
/// <param name="Name">Of the tool that must be called.</param>
internal sealed record ToolChoice(ToolChoiceKind Kind, string? Name = null)
{
    /// <summary>How the one tool that must be called is written.</summary>
    public const string NamedForm = """{"type":"function","function":{"name":...}}""";

    public static ToolChoice Auto { get; } = new(ToolChoiceKind.Auto);

    /// <summary>Reads the field against the tools of the request.</summary>
    /// <exception cref="ApiError">It is none of the forms, names no tool, or asks for a call where there are none.</exception>
    public static ToolChoice Read(RequestFields fields, IReadOnlyList<ToolDefinition> tools)
    {
        var choice = fields.Find("tool_choice") switch
        {
            null => Auto,
            { ValueKind: JsonValueKind.String } word => RequestFields.Text("tool_choice", word) switch
            {
                "auto" => Auto,
                "none" => new ToolChoice(ToolChoiceKind.None),
                "required" => new ToolChoice(ToolChoiceKind.Required),
                _ => throw Wrong(),
            },
            { ValueKind: JsonValueKind.Object } one when new RequestFields(one).Text("type") == "function" => ReadNamed(new RequestFields(one), tools),
            _ => throw Wrong(),
        };
        if (choice.Kind is ToolChoiceKind.None or ToolChoiceKind.Auto)
        {
            return choice;
        }

        return tools.Count == 0
            ? throw ApiError.Invalid("'tool_choice' asks for a call, but there are no 'tools'.", "tool_choice")
            : choice;
    }

    private static ToolChoice ReadNamed(RequestFields choice, IReadOnlyList<ToolDefinition> tools)
    {
        var name = choice.Find("function") is { ValueKind: JsonValueKind.Object } function ? new RequestFields(function).Text("name") : null;
        return name is not null && tools.Any(tool => tool.Name == name)
            ? new ToolChoice(ToolChoiceKind.Named, name)
            : throw ApiError.Invalid($"'tool_choice' must name one of the 'tools': {NamedForm}.", "tool_choice");
    }

    private static ApiError Wrong() =>
        ApiError.Invalid($"'tool_choice' must be none, auto, required, or {NamedForm}.", "tool_choice");
}
