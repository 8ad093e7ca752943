using System.Text.Json;
using System.Text.Json.Serialization;
using Llama4.Contracts;

namespace Llama4.Structured.Calls;

/// <summary>How calls are written: as <c>Llama4.Tokenization.ToolCalls.ToolCallParser</c> reads them.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<CallForm>))]
public enum CallForm
{
    /// <summary><c>[f(key="value", n=2), g()]</c></summary>
    Python,

    /// <summary><c>{"name": "f", "parameters": {"key": "value"}}</c></summary>
    Json,
}

/// <summary>A tool that may be called.</summary>
/// <param name="Name">What calls name it.</param>
/// <param name="Parameters">Schema of the arguments, an object's; null for a tool without any.</param>
/// <param name="Strict">The arguments follow the schema or the constraint is refused; without it what cannot be enforced lets any object through.</param>
public sealed record CallableTool(string Name, JsonElement? Parameters, bool Strict);

/// <summary>What an answer may be instead of calls: any text that begins no call, or what a constraint says.</summary>
/// <param name="Kind">Null for any text.</param>
/// <param name="Text">Of the constraint.</param>
public sealed record InsteadOfCalls(ConstraintKind? Kind, string Text = "");

/// <summary>An answer of calls, or of calls and something else: the text of a constraint of the kind <see cref="ConstraintKind.Calls"/>.</summary>
/// <param name="Form">How the model writes calls. Tools that cannot be called so are called as JSON.</param>
/// <param name="Tools">At least one.</param>
/// <param name="CallsMax">Most calls of an answer; null for no bound.</param>
/// <param name="Otherwise">Null where there must be a call.</param>
public sealed record CallsText(CallForm Form, IReadOnlyList<CallableTool> Tools, int? CallsMax = null, InsteadOfCalls? Otherwise = null)
{
    private static readonly JsonSerializerOptions Options = new() { DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, MaxDepth = JsonNesting.Documents.MaxDepth };

    /// <summary>The constraint that this is.</summary>
    public DecodingConstraint ToConstraint() => new() { Kind = ConstraintKind.Calls, Text = JsonSerializer.Serialize(this, Options) };

    /// <exception cref="ConstraintException">The text is no such constraint.</exception>
    public static CallsText Parse(string text)
    {
        try
        {
            return JsonSerializer.Deserialize<CallsText>(text, Options) is { Tools.Count: > 0 } calls && calls.Tools.All(tool => tool.Name is { Length: > 0 }) && calls.CallsMax is null or > 0
                ? calls
                : throw new ConstraintException("calls", "expected at least one tool with a name, and at least one call");
        }
        catch (JsonException error)
        {
            throw new ConstraintException("calls", $"expected tools and their form as JSON: {error.Message}");
        }
    }
}
