namespace Llama4.Structured.Regexes;

/// <summary>An inclusive run of code points.</summary>
internal readonly record struct CodePointRange(int Low, int High);

/// <summary>A set of code points, as sorted runs that neither touch nor overlap.</summary>
internal sealed class CodePoints
{
    /// <summary>The greatest code point.</summary>
    public const int Max = 0x10FFFF;

    /// <summary>What a text may hold: every code point that is no surrogate.</summary>
    public static readonly CodePoints All = Of(new(0, 0xD7FF), new(0xE000, Max));

    /// <summary>ECMA-262 <c>\d</c>.</summary>
    public static readonly CodePoints Digits = Of(new CodePointRange('0', '9'));

    /// <summary>ECMA-262 <c>\w</c>.</summary>
    public static readonly CodePoints Word = Of(new('a', 'z'), new('A', 'Z'), new('0', '9'), new('_', '_'));

    /// <summary>ECMA-262 <c>\s</c>: WhiteSpace and LineTerminator.</summary>
    public static readonly CodePoints Space = Of(
        new(0x09, 0x0D), new(0x20, 0x20), new(0xA0, 0xA0), new(0x1680, 0x1680), new(0x2000, 0x200A), new(0x2028, 0x2029),
        new(0x202F, 0x202F), new(0x205F, 0x205F), new(0x3000, 0x3000), new(0xFEFF, 0xFEFF));

    /// <summary>ECMA-262 <c>.</c>: all but the line terminators.</summary>
    public static readonly CodePoints Dot = Of(new(0x0A, 0x0A), new(0x0D, 0x0D), new(0x2028, 0x2029)).Complement();

    private CodePoints(CodePointRange[] ranges) => Ranges = ranges;

    /// <summary>The runs, ascending.</summary>
    public CodePointRange[] Ranges { get; }

    /// <summary>The set of these runs, which may overlap and stand in any order.</summary>
    public static CodePoints Of(params IEnumerable<CodePointRange> ranges)
    {
        var merged = new List<CodePointRange>();
        foreach (var range in ranges.OrderBy(r => r.Low))
        {
            if (merged.Count > 0 && range.Low <= merged[^1].High + 1)
            {
                merged[^1] = new(merged[^1].Low, Math.Max(merged[^1].High, range.High));
            }
            else
            {
                merged.Add(range);
            }
        }

        return new([.. merged]);
    }

    /// <summary>One code point.</summary>
    public static CodePoints Single(int codePoint) => new([new(codePoint, codePoint)]);

    /// <summary>What a text may hold and this set does not.</summary>
    public CodePoints Complement()
    {
        var rest = new List<CodePointRange>();
        var next = 0;
        foreach (var range in Ranges.Append(new(0xD800, 0xDFFF)).OrderBy(r => r.Low))
        {
            if (range.Low > next)
            {
                rest.Add(new(next, range.Low - 1));
            }

            next = Math.Max(next, range.High + 1);
        }

        if (next <= Max)
        {
            rest.Add(new(next, Max));
        }

        return new([.. rest]);
    }
}
