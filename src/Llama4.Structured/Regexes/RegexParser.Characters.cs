namespace Llama4.Structured.Regexes;

/// <summary>Classes and escapes.</summary>
internal sealed partial class RegexParser
{
    private CodePoints Class()
    {
        var negated = Take('^');
        var ranges = new List<CodePointRange>();
        while (!Take(']'))
        {
            var low = ClassMember();
            if (!Peek('-') || At + 1 >= Text.Length || Text[At + 1] == ']')
            {
                ranges.AddRange(low.Ranges);
                continue;
            }

            At++;
            var high = ClassMember();
            if (low.Ranges is not [{ } a] || high.Ranges is not [{ } b] || a.Low != a.High || b.Low != b.High)
            {
                throw Error("expected a single character at both ends of a range in a class");
            }

            ranges.Add(a.Low <= b.Low ? new(a.Low, b.Low) : throw Error("a range in a class ends before it starts"));
        }

        var set = CodePoints.Of(ranges);
        return negated ? set.Complement() : set;
    }

    private CodePoints ClassMember()
    {
        if (AtEnd)
        {
            throw Error("expected ']' at the end of a class");
        }

        var first = Text[At++];
        return first == '\\' ? Escape(inClass: true) : CodePoints.Single(first);
    }

    private CodePoints Escape(bool inClass)
    {
        if (AtEnd)
        {
            throw Error("expected a character after '\\'");
        }

        var kind = Text[At++];
        return kind switch
        {
            'd' => CodePoints.Digits,
            'D' => CodePoints.Digits.Complement(),
            'w' => CodePoints.Word,
            'W' => CodePoints.Word.Complement(),
            's' => CodePoints.Space,
            'S' => CodePoints.Space.Complement(),
            't' => CodePoints.Single('\t'),
            'n' => CodePoints.Single('\n'),
            'v' => CodePoints.Single('\v'),
            'f' => CodePoints.Single('\f'),
            'r' => CodePoints.Single('\r'),
            'b' when inClass => CodePoints.Single('\b'),
            'p' => Property(),
            'P' => Property().Complement(),
            'k' or (>= '1' and <= '9') => throw Error("back references are not supported", back: 2),
            '0' when AtEnd || Text[At] is < '0' or > '9' => CodePoints.Single(0),
            'c' when !AtEnd && Text[At] is (>= 'a' and <= 'z') or (>= 'A' and <= 'Z') => CodePoints.Single(Text[At++] % 32),
            'x' => CodePoints.Single(Hex(2)),
            'u' => CodePoints.Single(UnicodeEscape()),
            < 128 when char.IsPunctuation((char)kind) || char.IsSymbol((char)kind) => CodePoints.Single(kind),
            _ => throw Error($"'\\{char.ConvertFromUtf32(kind)}' is no escape", back: 2),
        };
    }

    /// <summary>What stands behind <c>\p</c>.</summary>
    private CodePoints Property()
    {
        Expect('{');
        var from = At;
        while (!AtEnd && Text[At] != '}')
        {
            At++;
        }

        var name = string.Concat(Text[from..At].Select(char.ConvertFromUtf32));
        Expect('}');
        return UnicodeProperties.Of(name) ?? throw Error($"\\p{{{(name.Length > 40 ? name[..40] + "…" : name)}}} is not supported; of Unicode properties general categories are");
    }

    /// <summary><c>\uXXXX</c>, a surrogate pair of two, or <c>\u{X…}</c>.</summary>
    private int UnicodeEscape()
    {
        if (Take('{'))
        {
            var from = At;
            var value = 0;
            while (!AtEnd && Text[At] != '}')
            {
                value = Math.Min(CodePoints.Max + 1, (16 * value) + HexDigit());
            }

            Expect('}');
            return from + 1 < At && value <= CodePoints.Max ? value : throw Error("expected a code point up to 10FFFF in \\u{…}");
        }

        var unit = Hex(4);
        if (unit is >= 0xD800 and <= 0xDBFF && At + 6 <= Text.Length && Text[At] == '\\' && Text[At + 1] == 'u')
        {
            var back = At;
            At += 2;
            if (Hex(4) is >= 0xDC00 and <= 0xDFFF and var low)
            {
                return 0x10000 + ((unit - 0xD800) << 10) + low - 0xDC00;
            }

            At = back;
        }

        return unit;
    }

    private int Hex(int digits)
    {
        var value = 0;
        for (var i = 0; i < digits; i++)
        {
            value = (16 * value) + HexDigit();
        }

        return value;
    }

    private int HexDigit() => !AtEnd && Text[At] < 128 && char.IsAsciiHexDigit((char)Text[At])
        ? Convert.ToInt32(((char)Text[At++]).ToString(), 16)
        : throw Error("expected a hexadecimal digit");
}
