using System.Buffers;
using System.Text.Json;
using Llama4.Structured.Calls;
using Llama4.Tokenization.Chat;

namespace Llama4.Gateway.Requests;

/// <summary>What a chat request says of tools, checked.</summary>
internal sealed record ToolFields
{
    private static readonly SearchValues<char> NameCharacters =
        SearchValues.Create("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-.");

    /// <summary>A request without tools.</summary>
    public static ToolFields None { get; } = new();

    /// <summary>The request's tools.</summary>
    public IReadOnlyList<ToolDefinition> Definitions { get; private init; } = [];

    /// <summary>Whether calls may or must be made.</summary>
    public ToolChoice Choice { get; private init; } = ToolChoice.Auto;

    /// <summary>Most calls of an answer: one without parallel_tool_calls, and of the one tool that must be called; null for no bound.</summary>
    public int? CallsMax { get; private init; }

    /// <summary>Whether definitions stand in the first user message, where chat_template_kwargs says so.</summary>
    public bool? ToolsInUserMessage { get; private init; }

    /// <summary>Whether the answer may be calls.</summary>
    public bool AreCallable => Definitions.Count > 0 && Choice.Kind != ToolChoiceKind.None;

    /// <summary>Whether the answer must be calls.</summary>
    public bool MustCall => Choice.Kind is ToolChoiceKind.Required or ToolChoiceKind.Named;

    /// <summary>Whether some tool's arguments are promised to follow its schema.</summary>
    public bool HasStrict => Callable.Any(one => one.Tool.Strict);

    /// <summary>The tools that may be called, with their places among <see cref="Definitions"/>.</summary>
    public IEnumerable<(int Index, CallableTool Tool)> Callable => Definitions.Index()
        .Where(one => Choice.Name is null || one.Item.Name == Choice.Name)
        .Select(one => (one.Index, Describe(one.Item, $"tools[{one.Index}].function")));

    /// <summary>
    /// What the prompt says of tools. Those that may not be called are not shown, and the dialog is laid out as one with tools all the
    /// same; null where the request has none at all.
    /// </summary>
    public IReadOnlyList<ToolDefinition>? OnOffer => Definitions.Count == 0 ? null : AreCallable ? Definitions : [];

    /// <exception cref="ApiError">A field is wrong; it says which.</exception>
    public static ToolFields Read(RequestFields fields, GatewayLimits limits)
    {
        var definitions = ReadDefinitions(fields, limits);
        var choice = ToolChoice.Read(fields, definitions);
        var parallel = fields.Find("parallel_tool_calls") is null || fields.Flag("parallel_tool_calls");
        return new ToolFields
        {
            Definitions = definitions,
            Choice = choice,
            CallsMax = parallel && choice.Kind != ToolChoiceKind.Named ? null : 1,
            ToolsInUserMessage = fields.Find("chat_template_kwargs") is { ValueKind: JsonValueKind.Object } settings
                && new RequestFields(settings) is var template && template.Find("tools_in_user_message") is not null
                    ? template.Flag("tools_in_user_message")
                    : null,
        };
    }

    private static IReadOnlyList<ToolDefinition> ReadDefinitions(RequestFields fields, GatewayLimits limits)
    {
        if (fields.Find("tools") is not { } tools)
        {
            return [];
        }

        if (tools.ValueKind != JsonValueKind.Array)
        {
            throw ApiError.WrongType("tools", "an array", RequestFields.Name(tools));
        }

        if (tools.GetArrayLength() > limits.ToolsMax)
        {
            throw ApiError.Invalid($"'tools' may have {limits.ToolsMax} entries, but has {tools.GetArrayLength()}.", "tools");
        }

        try
        {
            var definitions = ToolDefinitionReader.Read(tools);
            foreach (var (i, definition) in definitions.Index())
            {
                CheckName(definition.Name, limits, $"tools[{i}].function.name");
                Describe(definition, $"tools[{i}].function");
            }

            return definitions;
        }
        catch (ChatRequestException error)
        {
            throw ApiError.Invalid(error.Message, error.Param);
        }
    }

    private static void CheckName(string name, GatewayLimits limits, string param)
    {
        if (name.Length == 0 || name.Length > limits.ToolNameCharsMax || name.AsSpan().ContainsAnyExcept(NameCharacters))
        {
            throw ApiError.Invalid(
                $"The name of a tool must have 1 to {limits.ToolNameCharsMax} characters, each a letter, a digit, '_', '-' or '.', but one is not so.", param);
        }
    }

    private static CallableTool Describe(ToolDefinition definition, string param)
    {
        var function = new RequestFields(new RequestFields(definition.Json).Find("function") ?? definition.Json);
        var strict = function.Find("strict") is { } said && (said.ValueKind is JsonValueKind.True or JsonValueKind.False
            ? said.GetBoolean()
            : throw ApiError.WrongType($"{param}.strict", "true or false", RequestFields.Name(said)));
        return new CallableTool(definition.Name, function.Find("parameters"), strict);
    }
}
