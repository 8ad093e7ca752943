using System.Text.Json;
using System.Text.RegularExpressions;
using Llama4.Server.Output;

namespace Llama4.Server.Tests;

/// <summary>One command line, run in this process, and what it wrote.</summary>
internal sealed partial record Llama4Run(int ExitCode, string Output, string Error)
{
    /// <summary>The lines of <see cref="Error"/> without those of progress, which a slow machine is told of.</summary>
    public string[] Complaints => [.. Error.TrimEnd('\n').Split('\n').Where(line => line != "" && !ProgressLine().IsMatch(line))];

    /// <summary>The lines of <see cref="Output"/>.</summary>
    public string[] Lines => Output.Split('\n', StringSplitOptions.RemoveEmptyEntries);

    public static Task<Llama4Run> OfAsync(params string[] args) => WithInputAsync("", args);

    public static async Task<Llama4Run> WithInputAsync(string input, params string[] args)
    {
        using var output = new StringWriter { NewLine = "\n" };
        using var error = new StringWriter { NewLine = "\n" };
        var terminal = new Terminal { Input = new StringReader(input), Output = output, Error = error };
        var exit = await CommandLine.RunAsync(args, terminal);
        return new Llama4Run(exit, output.ToString(), error.ToString());
    }

    /// <summary>The output as one JSON value, of a run that must have succeeded.</summary>
    public JsonElement Json()
    {
        ExitCode.ShouldBe(0, Error);
        using var document = JsonDocument.Parse(Output);
        return document.RootElement.Clone();
    }

    /// <summary>Every output line as a JSON value, of a run that must have succeeded.</summary>
    public List<JsonElement> JsonLines()
    {
        ExitCode.ShouldBe(0, Error);
        return [.. Lines.Select(Parse)];
    }

    /// <summary>Exactly one line of <see cref="Complaints"/>; nothing on stdout.</summary>
    public void ShouldFailWith(int exitCode, string message)
    {
        ExitCode.ShouldBe(exitCode);
        Output.ShouldBe("");
        var complaint = Complaints.ShouldHaveSingleItem();
        complaint.ShouldStartWith("error: ");
        complaint.ShouldContain(message);
    }

    [GeneratedRegex(@"^[\w -]+: \d+ %$")]
    private static partial Regex ProgressLine();

    public static JsonElement Parse(string line)
    {
        using var document = JsonDocument.Parse(line);
        return document.RootElement.Clone();
    }
}
