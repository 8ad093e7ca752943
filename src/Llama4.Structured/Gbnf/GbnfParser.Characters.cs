using Llama4.Structured.Regexes;

namespace Llama4.Structured.Gbnf;

/// <summary>Literals, classes and escapes.</summary>
internal sealed partial class GbnfParser
{
    private RegexTree Literal()
    {
        var characters = new List<RegexTree>();
        while (!Take('"'))
        {
            characters.Add(new RegexTree.Characters(CodePoints.Single(Character("a literal"))));
        }

        return characters.Count == 1 ? characters[0] : new RegexTree.Sequence(characters);
    }

    private CodePoints Class()
    {
        var negated = Take('^');
        var ranges = new List<CodePointRange>();
        while (!Take(']'))
        {
            var low = Character("a class");
            var high = low;
            if (At + 1 < Text.Length && Text[At] == '-' && Text[At + 1] != ']')
            {
                At++;
                high = Character("a class");
            }

            ranges.Add(low <= high ? new(low, high) : throw Error("a range in a class ends before it starts"));
        }

        var set = CodePoints.Of(ranges);
        return negated ? set.Complement() : set;
    }

    private int Character(string inside)
    {
        if (AtEnd)
        {
            throw Error($"{inside} does not end");
        }

        var first = Text[At++];
        if (first is '\n' or '\r')
        {
            At--;
            throw Error($"{inside} does not end on its line; write \\n for a line feed");
        }

        if (first != '\\')
        {
            return first;
        }

        var kind = AtEnd ? -1 : Text[At++];
        return kind switch
        {
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'x' => Hex(2),
            'u' => Hex(4),
            'U' => Hex(8),
            >= 0 and < 128 when char.IsPunctuation((char)kind) || char.IsSymbol((char)kind) => kind,
            _ => throw Error("expected one of \\n \\r \\t \\xNN \\uNNNN \\UNNNNNNNN or an escaped sign"),
        };
    }

    private int Hex(int digits)
    {
        var value = 0L;
        for (var i = 0; i < digits; i++)
        {
            value = !AtEnd && Text[At] < 128 && char.IsAsciiHexDigit((char)Text[At])
                ? (16 * value) + Convert.ToInt32(((char)Text[At++]).ToString(), 16)
                : throw Error($"expected {digits} hexadecimal digits");
        }

        return value <= CodePoints.Max && value is < 0xD800 or > 0xDFFF ? (int)value : throw Error($"expected a character, found code point {value:X}");
    }
}
