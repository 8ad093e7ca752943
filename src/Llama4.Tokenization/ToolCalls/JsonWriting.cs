using System.Globalization;
using System.Text;

namespace Llama4.Tokenization.ToolCalls;

/// <summary>Arguments as JSON text: ", " and ": ", all text as it is but for what JSON demands.</summary>
internal static class JsonWriting
{
    public static string Object(IEnumerable<KeyValuePair<string, string>> members) =>
        $"{{{string.Join(", ", members.Select(member => $"{Quoted(member.Key)}: {member.Value}"))}}}";

    public static string List(IEnumerable<string> items) => $"[{string.Join(", ", items)}]";

    /// <summary>A JSON string. Half of a surrogate pair, which a call can hold and UTF-8 cannot, stays an escape.</summary>
    public static string Quoted(string value)
    {
        var text = new StringBuilder(value.Length + 2).Append('"');
        for (var i = 0; i < value.Length; i++)
        {
            var unit = value[i];
            if (char.IsHighSurrogate(unit) && i + 1 < value.Length && char.IsLowSurrogate(value[i + 1]))
            {
                text.Append(unit).Append(value[++i]);
                continue;
            }

            _ = unit switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                _ when char.IsSurrogate(unit) => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                _ => text.Append(unit),
            };
        }

        return text.Append('"').ToString();
    }
}
