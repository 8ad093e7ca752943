using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Llama4.Tokenization.Chat;

/// <summary>JSON values as Python writes them, which is what the model saw in training: <c>json.dumps</c> and <c>repr</c> of Python 3.</summary>
internal static class PythonText
{
    /// <summary><c>json.dumps(value, ensure_ascii=asciiOnly)</c>: ", " and ": ", keys in their order.</summary>
    public static string Json(JsonElement value, bool asciiOnly = true)
    {
        var text = new StringBuilder();
        Append(text, value, asciiOnly);
        return text.ToString();
    }

    /// <summary><c>json.dumps</c> of a string.</summary>
    public static string Json(string value, bool asciiOnly = true)
    {
        var text = new StringBuilder();
        AppendString(text, value, asciiOnly);
        return text.ToString();
    }

    /// <summary><c>json.dumps(value, indent=4, ensure_ascii=False)</c>.</summary>
    public static string IndentedJson(JsonElement value)
    {
        var text = new StringBuilder();
        AppendIndented(text, value, depth: 0);
        return text.ToString();
    }

    /// <summary><c>json.dumps</c> of a list of these, with indent and everything outside ASCII kept.</summary>
    public static string IndentedJson(IEnumerable<JsonElement> list)
    {
        var text = new StringBuilder();
        AppendBlock(text, '[', ']', [.. list], depth: 0, item => AppendIndented(text, item, depth: 1));
        return text.ToString();
    }

    /// <summary>The members of an object as Python's dict keeps them: of equal keys the first one's place and the last one's value.</summary>
    public static OrderedDictionary<string, JsonElement> Members(JsonElement value)
    {
        var members = new OrderedDictionary<string, JsonElement>();
        foreach (var member in value.EnumerateObject())
        {
            members[member.Name] = member.Value;
        }

        return members;
    }

    /// <summary>A JSON number after Python read it: integers of any size exactly, all others as doubles.</summary>
    public static string Number(JsonElement value, string infinity)
    {
        var raw = value.GetRawText();
        if (raw.AsSpan().IndexOfAny('.', 'e', 'E') < 0)
        {
            return raw == "-0" ? "0" : raw;
        }

        var number = double.Parse(raw, NumberStyles.Float, CultureInfo.InvariantCulture);
        return double.IsInfinity(number) ? (number < 0 ? "-" : "") + infinity : Repr(number);
    }

    private static void Append(StringBuilder text, JsonElement value, bool asciiOnly)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.String:
                AppendString(text, value.GetString()!, asciiOnly);
                break;
            case JsonValueKind.Number:
                text.Append(Number(value, infinity: "Infinity"));
                break;
            case JsonValueKind.Array:
                text.Append('[');
                foreach (var (i, item) in value.EnumerateArray().Index())
                {
                    text.Append(i > 0 ? ", " : "");
                    Append(text, item, asciiOnly);
                }

                text.Append(']');
                break;
            case JsonValueKind.Object:
                text.Append('{');
                foreach (var (i, (key, item)) in Members(value).Index())
                {
                    text.Append(i > 0 ? ", " : "");
                    AppendString(text, key, asciiOnly);
                    text.Append(": ");
                    Append(text, item, asciiOnly);
                }

                text.Append('}');
                break;
            default:
                text.Append(value.GetRawText());
                break;
        }
    }

    private static void AppendIndented(StringBuilder text, JsonElement value, int depth)
    {
        switch (value.ValueKind)
        {
            case JsonValueKind.Array:
                AppendBlock(text, '[', ']', [.. value.EnumerateArray()], depth, item => AppendIndented(text, item, depth + 1));
                break;
            case JsonValueKind.Object:
                AppendBlock(text, '{', '}', [.. Members(value)], depth, member =>
                {
                    AppendString(text, member.Key, asciiOnly: false);
                    text.Append(": ");
                    AppendIndented(text, member.Value, depth + 1);
                });
                break;
            default:
                Append(text, value, asciiOnly: false);
                break;
        }
    }

    /// <summary>Items on lines of their own, four blanks further in; none: both brackets together.</summary>
    private static void AppendBlock<T>(StringBuilder text, char open, char close, IReadOnlyList<T> items, int depth, Action<T> append)
    {
        text.Append(open);
        foreach (var (i, item) in items.Index())
        {
            text.Append(i > 0 ? ",\n" : "\n").Append(' ', 4 * (depth + 1));
            append(item);
        }

        if (items.Count > 0)
        {
            text.Append('\n').Append(' ', 4 * depth);
        }

        text.Append(close);
    }

    private static void AppendString(StringBuilder text, string value, bool asciiOnly)
    {
        text.Append('"');
        foreach (var unit in value)
        {
            _ = unit switch
            {
                '"' => text.Append("\\\""),
                '\\' => text.Append("\\\\"),
                '\n' => text.Append("\\n"),
                '\r' => text.Append("\\r"),
                '\t' => text.Append("\\t"),
                '\b' => text.Append("\\b"),
                '\f' => text.Append("\\f"),
                < ' ' => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                > '~' when asciiOnly => text.Append(CultureInfo.InvariantCulture, $"\\u{(int)unit:x4}"),
                _ => text.Append(unit),
            };
        }

        text.Append('"');
    }

    /// <summary>
    /// <c>repr</c> of a float: the shortest digits that read back as the same double, plain from 1e-4 to below 1e16, else with an
    /// exponent of at least two digits.
    /// </summary>
    public static string Repr(double number)
    {
        var shortest = number.ToString("R", CultureInfo.InvariantCulture);
        var sign = shortest[0] == '-' ? "-" : "";
        var (digits, exponent) = Decimal(shortest[sign.Length..]);
        if (exponent is < -4 or >= 16)
        {
            var mantissa = digits.Length == 1 ? digits : $"{digits[0]}.{digits[1..]}";
            return $"{sign}{mantissa}e{(exponent < 0 ? '-' : '+')}{Math.Abs(exponent):00}";
        }

        return exponent < 0
            ? $"{sign}0.{new string('0', -exponent - 1)}{digits}"
            : digits.Length <= exponent + 1
                ? $"{sign}{digits.PadRight(exponent + 1, '0')}.0"
                : $"{sign}{digits[..(exponent + 1)]}.{digits[(exponent + 1)..]}";
    }

    /// <summary>The digits without zeros around them and the power of ten of the first one: 0.0125 is ("125", -2).</summary>
    private static (string Digits, int Exponent) Decimal(string number)
    {
        var parts = number.Split('E');
        var point = parts[0].IndexOf('.');
        var digits = parts[0].Replace(".", "", StringComparison.Ordinal);
        var leading = digits.Length - digits.TrimStart('0').Length;
        if (leading == digits.Length)
        {
            return ("0", 0);
        }

        var exponent = (point < 0 ? digits.Length : point) - 1 - leading;
        return (digits.Trim('0'), exponent + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0));
    }
}
