using System.Text.Json;
using Llama4.Contracts;
using Llama4.Structured.Calls;

namespace Llama4.Structured;

/// <summary>Compiles a constraint as it travels. Gateways do it to refuse a wrong one, hosts to draw under it.</summary>
public static class ConstraintReader
{
    /// <exception cref="ConstraintException">It is wrong, not supported, too large, or nothing satisfies it.</exception>
    public static Constraint Compile(DecodingConstraint constraint)
    {
        var (kind, text) = (constraint.Kind, constraint.Text);
        return text.Length > DecodingConstraint.TextCharsMax
            ? throw new ConstraintException(NameOf(kind), $"expected at most {DecodingConstraint.TextCharsMax} characters, found {text.Length}")
            : kind switch
            {
                ConstraintKind.Schema => OfSchema(text),
                ConstraintKind.Regex => Constraint.OfRegex(text),
                ConstraintKind.Choice => Constraint.OfChoice(Choices(text)),
                ConstraintKind.Grammar => Constraint.OfGrammar(text),
                ConstraintKind.Calls => Constraint.OfGrammar(CallsGrammar.Of(CallsText.Parse(text))),
                _ => throw new ConstraintException("constraint", $"is of no known kind ({kind})"),
            };
    }

    private static string NameOf(ConstraintKind kind) => kind.ToString().ToLowerInvariant();

    private static Constraint OfSchema(string text)
    {
        using var document = Parse("schema", text);
        return Constraint.OfSchema(document.RootElement);
    }

    private static string[] Choices(string text)
    {
        using var document = Parse("choice", text);
        var choices = document.RootElement;
        return choices.ValueKind == JsonValueKind.Array && choices.EnumerateArray().All(choice => choice.ValueKind == JsonValueKind.String)
            ? [.. choices.EnumerateArray().Select(choice => choice.GetString()!)]
            : throw new ConstraintException("choice", "expected an array of strings");
    }

    private static JsonDocument Parse(string keyword, string text)
    {
        try
        {
            var document = JsonDocument.Parse(text, JsonNesting.Documents);
            RequireText(document.RootElement);
            return document;
        }
        catch (JsonException error)
        {
            throw new ConstraintException(keyword, $"expected JSON, found what is none: {error.Message}");
        }
        catch (InvalidOperationException)
        {
            throw new ConstraintException(keyword, "expected valid Unicode, found half of a surrogate pair");
        }
    }

    /// <exception cref="InvalidOperationException">Some string or name is not text.</exception>
    private static void RequireText(JsonElement value)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                _ = value.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in value.EnumerateArray())
                {
                    RequireText(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in value.EnumerateObject())
                {
                    _ = member.Name;
                    RequireText(member.Value);
                }

                break;
        }
    }
}
