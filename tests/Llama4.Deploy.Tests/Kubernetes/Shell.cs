using System.Text.RegularExpressions;

namespace Llama4.Deploy.Tests.Kubernetes;

/// <summary>What a command of <c>sh -c</c> reads of its environment.</summary>
internal static partial class Shell
{
    /// <param name="command">A program and its arguments; other programs than a shell read no $NAME.</param>
    /// <param name="known">The variables that are set for it.</param>
    public static IEnumerable<string> UnknownVariables(IEnumerable<string> command, IEnumerable<string> known) =>
        command.SelectMany(part => Variable().Matches(part)).Select(match => match.Groups[1].Value).Distinct().Except(known);

    [GeneratedRegex(@"\$\{?([A-Za-z_]\w*)")]
    private static partial Regex Variable();
}
