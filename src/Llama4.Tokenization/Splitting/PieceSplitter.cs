namespace Llama4.Tokenization.Splitting;

/// <summary>
/// Cuts text into the pieces inside which byte pairs are merged, as Llama 4's split expression does:
/// <code>
/// 1  [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// 2  [^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?
/// 3  \p{N}{1,3}
/// 4   ?[^\s\p{L}\p{N}]+[\r\n/]*
/// 5  \s*[\r\n]+
/// 6  \s+(?!\S)
/// 7  \s+
/// </code>
/// (meta-llama/llama-models, models/llama4/tokenizer.py). Written by hand over code points, because .NET's expressions work on UTF-16
/// units, where a letter outside the basic plane is two surrogates and no letter. Every character is looked at a bounded number of times.
/// </summary>
internal static class PieceSplitter
{
    /// <summary>The expression above on one line, as a tokenizer.json states it.</summary>
    public const string Expression =
        @"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+(?i:'s|'t|'re|'ve|'m|'ll|'d)?" +
        @"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*(?i:'s|'t|'re|'ve|'m|'ll|'d)?" +
        @"|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+";

    private const int LongS = 0x17F;

    /// <summary>The length, in UTF-16 units, of the piece that <paramref name="text"/> (not empty) begins with.</summary>
    /// <remarks>The whole rest of the text must be given: where white space is cut depends on what follows it.</remarks>
    public static int FirstPiece(ReadOnlySpan<char> text)
    {
        var first = ClassesAt(text, 0, out var next);
        var mayPrefix = (first & (CharacterClasses.NewLine | CharacterClasses.Letter | CharacterClasses.Number)) == 0;

        var end = mayPrefix ? WordWithBack(text, next) : -1;
        end = end >= 0 ? end : WordWithBack(text, 0);
        end = end >= 0 || !mayPrefix ? end : WordOfFront(text, next);
        end = end >= 0 ? end : WordOfFront(text, 0);
        if (end >= 0)
        {
            return AfterContraction(text, end);
        }

        if ((first & CharacterClasses.Number) != 0)
        {
            return Numbers(text, next);
        }

        end = Symbols(text, text[0] == ' ' ? 1 : 0);
        return end >= 0 ? end : Spaces(text);
    }

    /// <summary>
    /// <c>[Front]*[Back]+</c> at <paramref name="start"/>, or -1. The front part is greedy and gives characters back from its end until
    /// the back part finds one: the last character of the front run that is in both sets.
    /// </summary>
    private static int WordWithBack(ReadOnlySpan<char> text, int start)
    {
        var afterLastInBoth = -1;
        var i = start;
        while (i < text.Length)
        {
            var classes = ClassesAt(text, i, out var next);
            if ((classes & CharacterClasses.Front) == 0)
            {
                return (classes & CharacterClasses.Back) != 0 ? RunOf(CharacterClasses.Back, text, next) : afterLastInBoth;
            }

            i = next;
            afterLastInBoth = (classes & CharacterClasses.Back) != 0 ? next : afterLastInBoth;
        }

        return afterLastInBoth;
    }

    /// <summary><c>[Front]+[Back]*</c> at <paramref name="start"/>, or -1.</summary>
    private static int WordOfFront(ReadOnlySpan<char> text, int start)
    {
        var end = RunOf(CharacterClasses.Front, text, start);
        return end == start ? -1 : RunOf(CharacterClasses.Back, text, end);
    }

    private static int RunOf(CharacterClasses wanted, ReadOnlySpan<char> text, int i)
    {
        while (i < text.Length && (ClassesAt(text, i, out var next) & wanted) != 0)
        {
            i = next;
        }

        return i;
    }

    /// <summary>
    /// <c>(?i:'s|'t|'re|'ve|'m|'ll|'d)?</c>. Case folding adds one letter outside ASCII: U+017F, the long s, folds to s.
    /// </summary>
    private static int AfterContraction(ReadOnlySpan<char> text, int i)
    {
        if (i + 1 >= text.Length || text[i] != '\'')
        {
            return i;
        }

        var second = (char)(text[i + 1] | 0x20);
        if (text[i + 1] == LongS || second is 's' or 't' or 'm' or 'd')
        {
            return i + 2;
        }

        var third = i + 2 < text.Length ? (char)(text[i + 2] | 0x20) : '\0';
        return (second, third) is ('r', 'e') or ('v', 'e') or ('l', 'l') ? i + 3 : i;
    }

    private static int Numbers(ReadOnlySpan<char> text, int i)
    {
        for (var count = 1; count < 3 && i < text.Length && (ClassesAt(text, i, out var next) & CharacterClasses.Number) != 0; count++)
        {
            i = next;
        }

        return i;
    }

    /// <summary><c>[^\s\p{L}\p{N}]+[\r\n/]*</c> at <paramref name="start"/>, or -1.</summary>
    private static int Symbols(ReadOnlySpan<char> text, int start)
    {
        const CharacterClasses NoSymbol = CharacterClasses.Space | CharacterClasses.Letter | CharacterClasses.Number;
        var i = start;
        while (i < text.Length && (ClassesAt(text, i, out var next) & NoSymbol) == 0)
        {
            i = next;
        }

        if (i == start)
        {
            return -1;
        }

        while (i < text.Length && text[i] is '\r' or '\n' or '/')
        {
            i++;
        }

        return i;
    }

    /// <summary>Lines 5 to 7: to the last line end of the run; else all of it but the blank before the next word; else all of it.</summary>
    private static int Spaces(ReadOnlySpan<char> text)
    {
        var i = 0;
        var afterLastNewLine = 0;
        while (i < text.Length && ClassesAt(text, i, out var next) is var classes && (classes & CharacterClasses.Space) != 0)
        {
            i = next;
            afterLastNewLine = (classes & CharacterClasses.NewLine) != 0 ? next : afterLastNewLine;
        }

        // Every white space character is one UTF-16 unit, so the last one of the run begins at i - 1.
        return afterLastNewLine > 0 ? afterLastNewLine : i == text.Length || i == 1 ? i : i - 1;
    }

    private static CharacterClasses ClassesAt(ReadOnlySpan<char> text, int i, out int next)
    {
        var unit = text[i];
        if (char.IsHighSurrogate(unit) && i + 1 < text.Length && char.IsLowSurrogate(text[i + 1]))
        {
            next = i + 2;
            return CharacterClassTable.Of(char.ConvertToUtf32(unit, text[i + 1]));
        }

        next = i + 1;
        return CharacterClassTable.Of(unit);
    }
}
