using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Llama4.Server.Verbs;

/// <summary>An option whose argument is a list of counts, each at least 1, like 1,4,16. Whatever else stands there is one error.</summary>
internal sealed class CountsOption : Option<int[]>
{
    private readonly int[] _standard;

    /// <param name="standard">Where the option is not given.</param>
    /// <param name="expected">What errors say is wanted.</param>
    public CountsOption(string name, string description, int[] standard, int most = int.MaxValue, string expected = "counts like 512 or 1,4,16")
        : base(name)
    {
        _standard = standard;
        Description = $"{description} [default: {string.Join(',', standard)}]"; // the library would print a list in its own form
        HelpName = "N,N,…";
        CustomParser = result => Parse(result, most, expected);
    }

    public int[] Read(ParseResult parsed) => parsed.GetResult(this) is null ? _standard : parsed.GetRequiredValue(this);

    private int[]? Parse(ArgumentResult result, int most, string expected)
    {
        var text = result.Tokens[0].Value;
        var counts = text.Split(',').Select(part => int.TryParse(part, NumberStyles.None, CultureInfo.InvariantCulture, out var count) ? count : 0).ToArray();
        if (counts.All(count => count >= 1 && count <= most))
        {
            return counts;
        }

        result.AddError($"{Name}: expected {expected}, found '{text}'");
        return null;
    }
}
