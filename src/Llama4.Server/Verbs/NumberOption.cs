using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Numerics;

namespace Llama4.Server.Verbs;

/// <summary>Options whose argument is a number with a range: whatever else stands there is one error, which names the option and the range.</summary>
internal static class NumberOption
{
    /// <summary>How many of something, where help shows the default.</summary>
    public static Option<int> Count(string name, string description, int standard, int least = 1, int most = int.MaxValue) =>
        new Option<int>(name) { Description = description, HelpName = "N", DefaultValueFactory = _ => standard }
            .Within(most == int.MaxValue ? $"at least {least}" : Range(least, most), value => value >= least && value <= most);

    /// <summary>Reads the argument, refusing what is no number or not from <paramref name="least"/> to <paramref name="most"/>.</summary>
    public static Option<T> Within<T>(this Option<T> option, T least, T most)
        where T : struct, INumber<T> => option.Within(Range(least, most), value => value >= least && value <= most);

    /// <inheritdoc cref="Within{T}(Option{T}, T, T)"/>
    public static Option<T?> Within<T>(this Option<T?> option, T least, T most)
        where T : struct, INumber<T> => option.Within(Range(least, most), value => value >= least && value <= most);

    /// <summary>Reads the argument, refusing what is no number or not in the range.</summary>
    /// <param name="range">The range in words, like "1 to 1024".</param>
    public static Option<T> Within<T>(this Option<T> option, string range, Func<T, bool> holds)
        where T : struct, INumber<T>
    {
        option.CustomParser = result => Parse(option.Name, result, range, holds);
        return option;
    }

    /// <inheritdoc cref="Within{T}(Option{T}, string, Func{T, bool})"/>
    public static Option<T?> Within<T>(this Option<T?> option, string range, Func<T, bool> holds)
        where T : struct, INumber<T>
    {
        option.CustomParser = result => Parse(option.Name, result, range, holds);
        return option;
    }

    private static string Range<T>(T least, T most)
        where T : struct, INumber<T> => string.Create(CultureInfo.InvariantCulture, $"{least} to {most}");

    private static T Parse<T>(string name, ArgumentResult result, string range, Func<T, bool> holds)
        where T : struct, INumber<T>
    {
        var text = result.Tokens[0].Value;
        if (T.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var value) && holds(value))
        {
            return value;
        }

        result.AddError($"{name}: expected {range}, found {text}");
        return default;
    }
}
