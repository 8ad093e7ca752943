namespace Llama4.Tokenization.Splitting;

/// <summary>Which <see cref="CharacterClasses"/> a code point has: two look-ups, 256 code points a page.</summary>
internal static class CharacterClassTable
{
    private const int CodePoints = 0x110000;
    private const int PageSize = 256;

    private static readonly CharacterClasses[] Classes;
    private static readonly ushort[] PageStart;

    static CharacterClassTable() => (PageStart, Classes) = Fold(Expand(UnicodeRuns.Text));

    /// <param name="codePoint">0..10FFFF; a lone surrogate has no class.</param>
    public static CharacterClasses Of(int codePoint) => Classes[(PageStart[codePoint / PageSize] * PageSize) + (codePoint % PageSize)];

    private static CharacterClasses[] Expand(string runs)
    {
        var classes = new CharacterClasses[CodePoints];
        var codePoint = 0;
        for (var i = 0; i < runs.Length;)
        {
            var letter = runs[i++];
            var digits = i;
            while (i < runs.Length && char.IsAsciiDigit(runs[i]))
            {
                i++;
            }

            var length = i == digits ? 1 : int.Parse(runs.AsSpan(digits, i - digits));
            for (var end = codePoint + length; codePoint < end; codePoint++)
            {
                classes[codePoint] = OfRun(letter, odd: ((end - codePoint) & 1) != 0);
            }
        }

        if (codePoint != CodePoints)
        {
            throw new InvalidOperationException($"The runs of Unicode's categories cover {codePoint} code points, not {CodePoints}.");
        }

        classes['\r'] |= CharacterClasses.NewLine;
        classes['\n'] |= CharacterClasses.NewLine;
        return classes;
    }

    private static CharacterClasses OfRun(char letter, bool odd) => letter switch
    {
        '=' => OfRun(odd ? 'l' : 'U', odd),
        'U' => CharacterClasses.Front | CharacterClasses.Letter,
        'l' => CharacterClasses.Back | CharacterClasses.Letter,
        'x' => CharacterClasses.Front | CharacterClasses.Back | CharacterClasses.Letter,
        'M' => CharacterClasses.Front | CharacterClasses.Back,
        'N' => CharacterClasses.Number,
        's' => CharacterClasses.Space,
        '.' => CharacterClasses.None,
        _ => throw new InvalidOperationException($"'{letter}' names no run of Unicode's categories."),
    };

    /// <summary>Pages with equal contents are kept once: 4,352 pages become about 150.</summary>
    private static (ushort[] PageStart, CharacterClasses[] Classes) Fold(CharacterClasses[] all)
    {
        var kept = new List<CharacterClasses>();
        var known = new Dictionary<string, ushort>();
        var pageStart = new ushort[CodePoints / PageSize];
        for (var page = 0; page < pageStart.Length; page++)
        {
            var contents = all.AsSpan(page * PageSize, PageSize);
            var key = string.Create(PageSize, page, (text, p) =>
            {
                for (var i = 0; i < PageSize; i++)
                {
                    text[i] = (char)all[(p * PageSize) + i];
                }
            });
            if (!known.TryGetValue(key, out pageStart[page]))
            {
                known[key] = pageStart[page] = (ushort)(kept.Count / PageSize);
                kept.AddRange(contents);
            }
        }

        return (pageStart, [.. kept]);
    }
}
