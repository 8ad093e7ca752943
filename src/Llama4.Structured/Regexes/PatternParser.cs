using System.Text;

namespace Llama4.Structured.Regexes;

/// <summary>What the parsers of regexes and of grammars share: a place in a text of code points, counts of repeats, and a bound of nesting.</summary>
internal abstract class PatternParser(string text)
{
    private const int DepthMax = 200;
    private const int CountMax = 100_000;

    private int _depth;

    /// <summary>Code points.</summary>
    protected int[] Text { get; } = [.. text.EnumerateRunes().Select(rune => rune.Value)];

    /// <summary>Index in <see cref="Text"/> of what is read next.</summary>
    protected int At { get; set; }

    protected bool AtEnd => At == Text.Length;

    /// <summary>What is wrong, and where.</summary>
    protected abstract ConstraintException Error(string what);

    protected bool Peek(char expected) => !AtEnd && Text[At] == expected;

    protected bool Take(char expected)
    {
        if (!Peek(expected))
        {
            return false;
        }

        At++;
        return true;
    }

    protected void Expect(char expected)
    {
        if (!Take(expected))
        {
            throw Error($"expected '{expected}', found {(AtEnd ? "the end" : $"'{char.ConvertFromUtf32(Text[At])}'")}");
        }
    }

    /// <summary>Goes into a group; <see cref="Leave"/> goes out again.</summary>
    protected void Enter()
    {
        if (++_depth > DepthMax)
        {
            throw Error($"groups nest more than {DepthMax} deep");
        }
    }

    protected void Leave() => _depth--;

    /// <summary>A number in the braces of a repeat.</summary>
    protected int Count()
    {
        var from = At;
        var count = 0;
        while (!AtEnd && Text[At] is >= '0' and <= '9')
        {
            count = Math.Min(CountMax + 1, (10 * count) + Text[At++] - '0');
        }

        return from == At ? throw Error("expected a count like {3}, {3,} or {3,5}")
            : count > CountMax ? throw Error($"expected counts up to {CountMax}")
            : count;
    }

    /// <exception cref="ConstraintException">The greatest count is below the least.</exception>
    protected void CheckCounts(int min, int? max)
    {
        if (max < min)
        {
            throw Error($"expected a greatest count of at least {min}, found {max}");
        }
    }
}
