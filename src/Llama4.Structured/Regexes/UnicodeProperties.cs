using System.Collections.Concurrent;
using System.Globalization;

namespace Llama4.Structured.Regexes;

/// <summary>The sets of characters behind <c>\p{…}</c>: general categories, by the Unicode version of the runtime, and what ASCII suffices for.</summary>
internal static class UnicodeProperties
{
    private static readonly string[] Names =
    [
        "Lu Uppercase_Letter", "Ll Lowercase_Letter", "Lt Titlecase_Letter", "Lm Modifier_Letter", "Lo Other_Letter",
        "Mn Nonspacing_Mark", "Mc Spacing_Mark", "Me Enclosing_Mark", "Nd Decimal_Number digit", "Nl Letter_Number", "No Other_Number",
        "Zs Space_Separator", "Zl Line_Separator", "Zp Paragraph_Separator", "Cc Control cntrl", "Cf Format", "Cs Surrogate", "Co Private_Use",
        "Pc Connector_Punctuation", "Pd Dash_Punctuation", "Ps Open_Punctuation", "Pe Close_Punctuation", "Pi Initial_Punctuation",
        "Pf Final_Punctuation", "Po Other_Punctuation", "Sm Math_Symbol", "Sc Currency_Symbol", "Sk Modifier_Symbol", "So Other_Symbol", "Cn Unassigned",
    ];

    /// <summary>The categories in the order of <see cref="UnicodeCategory"/>, by all their names.</summary>
    private static readonly Dictionary<string, int[]> Categories = BuildCategories();

    private static readonly ConcurrentDictionary<string, CodePoints> Known = new();

    /// <summary>The characters of a property, null if it is none of those known.</summary>
    /// <param name="expression">What stands between the braces.</param>
    public static CodePoints? Of(string expression)
    {
        switch (expression)
        {
            case "Any":
                return CodePoints.All;
            case "ASCII":
                return CodePoints.Of(new CodePointRange(0, 0x7F));
            case "ASCII_Hex_Digit" or "AHex":
                return CodePoints.Of(new('0', '9'), new('a', 'f'), new('A', 'F'));
            case "Assigned":
                return Of("Cn")!.Complement();
        }

        var mark = expression.IndexOf('=', StringComparison.Ordinal);
        var name = mark < 0 ? expression : expression[..mark] is "gc" or "General_Category" ? expression[(mark + 1)..] : "";
        return Categories.TryGetValue(name, out var categories) ? Known.GetOrAdd(name, _ => Collect(categories)) : null;
    }

    private static CodePoints Collect(int[] categories)
    {
        var wanted = categories.Aggregate(0u, (bits, category) => bits | 1u << category);
        var ranges = new List<CodePointRange>();
        for (var at = 0; at <= CodePoints.Max; at++)
        {
            if ((wanted >> (int)CharUnicodeInfo.GetUnicodeCategory(at) & 1) == 0)
            {
                continue;
            }

            if (ranges.Count > 0 && ranges[^1].High + 1 == at)
            {
                ranges[^1] = ranges[^1] with { High = at };
            }
            else
            {
                ranges.Add(new(at, at));
            }
        }

        return CodePoints.Of(ranges);
    }

    private static Dictionary<string, int[]> BuildCategories()
    {
        var all = new Dictionary<string, int[]>();
        for (var category = 0; category < Names.Length; category++)
        {
            foreach (var name in Names[category].Split(' '))
            {
                all.Add(name, [category]);
            }
        }

        foreach (var (names, letter) in new[] { ("L Letter", 'L'), ("M Mark Combining_Mark", 'M'), ("N Number", 'N'), ("P Punctuation punct", 'P'), ("S Symbol", 'S'), ("Z Separator", 'Z'), ("C Other", 'C') })
        {
            int[] categories = [.. Enumerable.Range(0, Names.Length).Where(category => Names[category][0] == letter)];
            foreach (var name in names.Split(' '))
            {
                all.Add(name, categories);
            }
        }

        all["LC"] = all["Cased_Letter"] = [0, 1, 2];
        return all;
    }
}
