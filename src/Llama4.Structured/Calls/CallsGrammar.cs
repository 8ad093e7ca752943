using System.Text.Json;
using System.Text.Json.Nodes;
using Llama4.Contracts;
using Llama4.Structured.Grammars;
using Llama4.Structured.Schemas;

namespace Llama4.Structured.Calls;

/// <summary>
/// The texts that are calls of tools with arguments by their schemas. Whatever it lets through, the parser of calls reads as these calls; values
/// are canonical JSON, which Python literals of its parser are too.
/// </summary>
internal static class CallsGrammar
{
    /// <summary>All tools together: each may take some 100 ms, as a schema by itself may, but none that is meant well takes more than a few.</summary>
    private const int CompileMsMax = 2_000;

    private const string AnyObject = """{"type":"object"}""";
    private const string NoArguments = """{"type":"object","properties":{},"additionalProperties":false}""";

    /// <exception cref="ConstraintException">A strict tool's schema is not supported, and the message names the tool; or all together take too long.</exception>
    public static Grammar Of(CallsText calls)
    {
        var python = new List<Grammar>();
        var json = new List<Grammar>();
        var inBothForms = calls.Otherwise is { Kind: null }; // text that begins a call in either is no free text
        var started = Environment.TickCount64;
        foreach (var tool in calls.Tools)
        {
            if (Environment.TickCount64 - started > CompileMsMax)
            {
                throw new ConstraintException("tools", $"their schemas together take more than {CompileMsMax} ms to compile");
            }

            using var schema = SchemaOf(tool);
            var named = calls.Form == CallForm.Python || inBothForms ? NamedArguments(tool, schema) : null;
            if (named is not null)
            {
                python.Add(ConstraintParts.Sequence(ConstraintParts.Literal($"{tool.Name}("), named, ConstraintParts.Literal(")")));
            }

            if (named is null || inBothForms)
            {
                json.Add(ConstraintParts.Sequence(
                    ConstraintParts.Literal($"{{\"name\": {JsonSerializer.Serialize(tool.Name)}, \"parameters\": "), JsonArguments(tool, schema), ConstraintParts.Literal("}")));
            }
        }

        var branches = new List<Grammar>();
        if (python.Count > 0)
        {
            branches.Add(ConstraintParts.Sequence(
                ConstraintParts.Literal("["), ConstraintParts.Repeat(ConstraintParts.Choice(python), ", ", max: calls.CallsMax), ConstraintParts.Literal("]")));
        }

        if (json.Count > 0)
        {
            branches.Add(ConstraintParts.Repeat(ConstraintParts.Choice(json), max: calls.CallsMax));
        }

        if (calls.Otherwise is { } otherwise)
        {
            branches.Add(Instead(otherwise, calls.Tools));
        }

        return ConstraintParts.Choice(branches);
    }

    /// <summary>Whether calls in Python's form can name it.</summary>
    public static bool IsIdentifier(string name) =>
        name.Length > 0 && !char.IsAsciiDigit(name[0]) && name.All(unit => char.IsAsciiLetterOrDigit(unit) || unit == '_');

    private static Grammar Instead(InsteadOfCalls otherwise, IReadOnlyList<CallableTool> tools) => otherwise.Kind switch
    {
        null => new LexemeGrammar(new NoCallLexeme(tools.Select(tool => tool.Name))),
        ConstraintKind.Schema => ConstraintParts.Schema(JsonDocument.Parse(otherwise.Text, JsonNesting.Documents).RootElement),
        ConstraintKind.Regex => ConstraintParts.Regex(otherwise.Text),
        ConstraintKind.Choice => ConstraintParts.Choice([.. JsonSerializer.Deserialize<string[]>(otherwise.Text)!.Select(ConstraintParts.Literal)]),
        _ => throw new ConstraintException(otherwise.Kind.Value.ToString().ToLowerInvariant(), "cannot stand beside calls"),
    };

    /// <summary>Null where the tool can only be called as JSON: its name, one of its arguments, or its schema has no such form.</summary>
    private static Grammar? NamedArguments(CallableTool tool, JsonDocument? schema)
    {
        try
        {
            return schema is not null && tool.Name.Split('.', '-').All(IsIdentifier) ? ConstraintParts.PythonArguments(schema.RootElement) : null;
        }
        catch (ConstraintException)
        {
            return null;
        }
    }

    private static Grammar JsonArguments(CallableTool tool, JsonDocument? schema)
    {
        try
        {
            if (schema is not null)
            {
                return ConstraintParts.Schema(schema.RootElement);
            }
        }
        catch (ConstraintException) when (!tool.Strict)
        {
            // Said to be done as well as it can be: any object.
        }
        catch (ConstraintException error)
        {
            throw OfTool(tool, error);
        }

        using var any = JsonDocument.Parse(AnyObject);
        return ConstraintParts.Schema(any.RootElement);
    }

    /// <summary>Null for a schema that is none of an object, where that need not be enforced.</summary>
    private static JsonDocument? SchemaOf(CallableTool tool)
    {
        try
        {
            return tool.Parameters is { } parameters ? ObjectsOnly(parameters) : JsonDocument.Parse(NoArguments);
        }
        catch (ConstraintException) when (!tool.Strict)
        {
            return null;
        }
        catch (ConstraintException error)
        {
            throw OfTool(tool, error);
        }
    }

    private static ConstraintException OfTool(CallableTool tool, ConstraintException error) => new(error.Keyword, $"of tool {tool.Name}: {error.Message}");

    /// <summary>A schema that says nothing of the type means an object's, as that is what arguments are.</summary>
    private static JsonDocument ObjectsOnly(JsonElement schema)
    {
        if (schema.ValueKind == JsonValueKind.True)
        {
            return JsonDocument.Parse(AnyObject);
        }

        if (schema.ValueKind != JsonValueKind.Object)
        {
            throw new ConstraintException("parameters", "expected a schema of an object");
        }

        if (!schema.TryGetProperty("type", out var type))
        {
            var typed = JsonNode.Parse(schema.GetRawText(), documentOptions: JsonNesting.Documents)!.AsObject();
            typed["type"] = "object";
            return JsonDocument.Parse(typed.ToJsonString(), JsonNesting.Documents);
        }

        return type.ValueKind == JsonValueKind.String && type.ValueEquals("object")
            ? JsonDocument.Parse(schema.GetRawText(), JsonNesting.Documents)
            : throw new ConstraintException("type", "expected \"object\", as arguments are one");
    }
}
