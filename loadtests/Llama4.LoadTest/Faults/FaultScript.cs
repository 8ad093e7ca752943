using System.Globalization;
using System.Text.RegularExpressions;

namespace Llama4.LoadTest.Faults;

/// <summary>A command and when it is run, in seconds since the start.</summary>
internal sealed record ScheduledFault(double At, string Command);

/// <summary>What is done to a server while it is loaded: <c>at 10s: COMMAND</c> on the command line, lines of <c>SECONDS COMMAND</c> in a file.</summary>
internal static partial class FaultScript
{
    /// <exception cref="LoadTestException">It is not of that form.</exception>
    public static ScheduledFault ParseOption(string text) =>
        At().Match(text) is { Success: true } found
            ? new ScheduledFault(double.Parse(found.Groups["at"].Value, CultureInfo.InvariantCulture), found.Groups["command"].Value)
            : throw new LoadTestException($"--do: expected 'at SECONDS s: COMMAND', found '{text}'");

    /// <summary>Empty lines, and those that begin with #, say nothing.</summary>
    /// <exception cref="LoadTestException">A line is not of that form.</exception>
    public static IReadOnlyList<ScheduledFault> ParseFile(string path, IEnumerable<string> lines) =>
    [
        .. lines.Select((text, i) => (Text: text.Trim(), Number: i + 1))
            .Where(line => line.Text.Length > 0 && line.Text[0] != '#')
            .Select(line => Line().Match(line.Text) is { Success: true } found
                ? new ScheduledFault(double.Parse(found.Groups["at"].Value, CultureInfo.InvariantCulture), found.Groups["command"].Value)
                : throw new LoadTestException($"{path}:{line.Number}: expected 'SECONDS COMMAND', found '{line.Text}'")),
    ];

    [GeneratedRegex(@"^\s*at\s+(?<at>[0-9]+(\.[0-9]+)?)\s*s?\s*:\s*(?<command>\S.*)$", RegexOptions.Singleline)]
    private static partial Regex At();

    [GeneratedRegex(@"^(?<at>[0-9]+(\.[0-9]+)?)s?\s+(?<command>\S.*)$")]
    private static partial Regex Line();
}
