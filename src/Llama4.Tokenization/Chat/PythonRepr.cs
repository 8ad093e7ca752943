using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>JSON values as Python shows them: <c>str</c> and <c>repr</c> of what <c>json.loads</c> makes of them.</summary>
internal static class PythonRepr
{
    /// <summary><c>str(value)</c>: a string is itself, all else its <c>repr</c>.</summary>
    public static string Str(JsonElement value) => value.ValueKind == JsonValueKind.String ? value.GetString()! : Repr(value);

    private static string Repr(JsonElement value) => value.ValueKind switch
    {
        JsonValueKind.String => Repr(value.GetString()!),
        JsonValueKind.Array => $"[{string.Join(", ", value.EnumerateArray().Select(Repr))}]",
        JsonValueKind.Object => $"{{{string.Join(", ", PythonText.Members(value).Select(one => $"{Repr(one.Key)}: {Repr(one.Value)}"))}}}",
        JsonValueKind.Number => PythonText.Number(value, infinity: "inf"),
        JsonValueKind.True => "True",
        JsonValueKind.False => "False",
        _ => "None",
    };

    /// <summary>Between single quotes, unless that would need escapes and double quotes would not; what cannot be printed is escaped.</summary>
    private static string Repr(string value)
    {
        var quote = value.Contains('\'') && !value.Contains('"') ? '"' : '\'';
        var text = new StringBuilder().Append(quote);
        foreach (var rune in value.EnumerateRunes())
        {
            _ = rune.Value switch
            {
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                var code when code == quote => text.Append('\\').Append(quote),
                var code when IsPrintable(rune) => text.Append(rune.ToString()),
                <= 0xff and var code => text.Append(CultureInfo.InvariantCulture, $"\\x{code:x2}"),
                <= 0xffff and var code => text.Append(CultureInfo.InvariantCulture, $"\\u{code:x4}"),
                var code => text.Append(CultureInfo.InvariantCulture, $"\\U{code:x8}"),
            };
        }

        return text.Append(quote).ToString();
    }

    private static bool IsPrintable(Rune rune) => rune.Value == ' ' || Rune.GetUnicodeCategory(rune) is not (
        UnicodeCategory.Control or UnicodeCategory.Format or UnicodeCategory.Surrogate or UnicodeCategory.PrivateUse or UnicodeCategory.OtherNotAssigned
        or UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator or UnicodeCategory.SpaceSeparator);
}
