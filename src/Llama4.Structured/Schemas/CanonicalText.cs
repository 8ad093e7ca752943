using System.Text;
using System.Text.Json;
using Llama4.Structured.Lexemes;

namespace Llama4.Structured.Schemas;

/// <summary>The canonical texts of one JSON value.</summary>
internal static class CanonicalText
{
    /// <summary>Adds all of them to a set.</summary>
    public static void Add(TextSet texts, JsonElement value, ValueForms forms, CompileBudget budget) =>
        texts.End(Write(texts, TextSet.Root, value, forms, budget));

    private static int Write(TextSet texts, int node, JsonElement value, ValueForms forms, CompileBudget budget)
    {
        budget.Spend(10, "enum");
        switch (value.ValueKind)
        {
            case JsonValueKind.Number:
                return texts.Raw(node, Encoding.ASCII.GetBytes(ExactDecimal.Parse(value.GetRawText(), "enum").ToString()));
            case JsonValueKind.String:
                var text = value.GetString()!;
                budget.Spend(10L * text.Length, "enum");
                return texts.Quoted(node, text, forms.Quotes);
            case JsonValueKind.Array:
                node = texts.Raw(node, "["u8);
                foreach (var (index, item) in value.EnumerateArray().Index())
                {
                    node = Write(texts, index == 0 ? node : texts.Separator(node, (byte)','), item, forms, budget);
                }

                return texts.Raw(node, "]"u8);
            case JsonValueKind.Object:
                node = texts.Raw(node, "{"u8);
                foreach (var (index, member) in value.EnumerateObject().Index())
                {
                    node = texts.Quoted(index == 0 ? node : texts.Separator(node, (byte)','), member.Name, forms.Quotes);
                    node = Write(texts, texts.Separator(node, (byte)':'), member.Value, forms, budget);
                }

                return texts.Raw(node, "}"u8);
            default:
                return texts.Word(node, value.ValueKind switch
                {
                    JsonValueKind.True => forms.True,
                    JsonValueKind.False => forms.False,
                    _ => forms.Null,
                });
        }
    }
}
