using System.Globalization;

namespace Llama4.Structured;

/// <summary>Refuses texts with half of a surrogate pair: they stand for no characters, so no answer could hold them.</summary>
internal static class SurrogateCheck
{
    /// <exception cref="ConstraintException">There is such a half.</exception>
    public static void OfText(string text, string keyword)
    {
        for (var i = 0; i < text.Length; i++)
        {
            if (char.IsHighSurrogate(text[i]) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
            {
                i++;
            }
            else if (char.IsSurrogate(text[i]))
            {
                throw Half(text[i], keyword);
            }
        }
    }

    /// <summary>The same for the escapes of a JSON text.</summary>
    public static void OfJson(string json, string keyword)
    {
        for (var i = json.IndexOf('\\', StringComparison.Ordinal); i >= 0 && i < json.Length; i++)
        {
            if (json[i] != '\\')
            {
                continue;
            }

            i++;
            if (Unit(json, i - 1) is not { } unit)
            {
                continue;
            }

            i += 4;
            if (!char.IsSurrogate(unit))
            {
                continue;
            }

            if (!char.IsHighSurrogate(unit) || Unit(json, i + 1) is not { } next || !char.IsLowSurrogate(next))
            {
                throw Half(unit, keyword);
            }

            i += 6;
        }
    }

    /// <summary>The code unit of a <c>\uXXXX</c> at a place, null if there is none.</summary>
    private static char? Unit(string json, int at) =>
        at + 6 <= json.Length && json[at] == '\\' && json[at + 1] == 'u'
        && ushort.TryParse(json.AsSpan(at + 2, 4), NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var unit)
            ? (char)unit
            : null;

    private static ConstraintException Half(char unit, string keyword) =>
        new(keyword, $"expected text, found half of a surrogate pair (\\u{(int)unit:x4})");
}
