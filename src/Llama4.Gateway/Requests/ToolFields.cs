using System.Buffers;
using System.Text.Json;
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

    /// <summary>Most calls of an answer: without parallel_tool_calls the first one counts.</summary>
    public int CallsMax { get; private init; } = int.MaxValue;

    /// <summary>Whether definitions stand in the first user message, where chat_template_kwargs says so.</summary>
    public bool? ToolsInUserMessage { get; private init; }

    /// <summary>Whether the answer may be calls.</summary>
    public bool AreCallable => Definitions.Count > 0 && Choice.Kind != ToolChoiceKind.None;

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
            CallsMax = parallel ? int.MaxValue : 1,
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
                RefuseStrict(definition.Json, $"tools[{i}].function.strict");
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

    private static void RefuseStrict(JsonElement definition, string param)
    {
        var function = new RequestFields(definition).Find("function") ?? definition;
        if (new RequestFields(function).Flag("strict"))
        {
            throw UnpromisedCalls.Refusal("Arguments that follow a tool's schema ('strict')", param);
        }
    }
}
