namespace Llama4.Structured;

/// <summary>Bounds what compiling one constraint may cost, whatever the input: steps stand for time, states for memory.</summary>
internal sealed class CompileBudget
{
    /// <summary>Bytes of a schema's text, or of a regex or all choices. The longest schemas of public collections have some 600 KB.</summary>
    public const int TextBytesMax = 1 << 20;

    /// <summary>States of one automaton over characters or digits; a state takes about 100 bytes.</summary>
    public const int StatesMax = 20_000;

    /// <summary>Elementary steps: 10 to 50 ns each, so that the worst input costs half a second.</summary>
    private const long StepsMax = 10_000_000;

    private long _steps = StepsMax;

    /// <summary>The steps paid for so far.</summary>
    public long Spent => StepsMax - _steps;

    /// <summary>Pays for some steps.</summary>
    /// <exception cref="ConstraintException">The bound is passed; the message names <paramref name="keyword"/>.</exception>
    public void Spend(long steps, string keyword)
    {
        _steps -= steps;
        if (_steps < 0)
        {
            throw new ConstraintException(keyword, $"the automaton is too large: it takes more than {StepsMax} steps to build");
        }
    }

    /// <summary>Checks the number of states of one automaton.</summary>
    /// <exception cref="ConstraintException">There are more than <see cref="StatesMax"/>.</exception>
    public static void CheckStates(int states, string keyword)
    {
        if (states > StatesMax)
        {
            throw new ConstraintException(keyword, $"the automaton is too large: it needs more than {StatesMax} states");
        }
    }
}
