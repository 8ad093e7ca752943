using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using Llama4.Server.Verbs;

namespace Llama4.Server.Output;

/// <summary>
/// <c>llama4 --help</c> shows the verbs in their groups; <c>llama4 VERB --help</c> the library's page of usage and options,
/// then examples to paste.
/// </summary>
internal sealed class HelpPages(IReadOnlyList<Verb> verbs) : SynchronousCommandLineAction
{
    private readonly HelpAction _library = new() { MaxWidth = 120 };

    public override bool ClearsParseErrors => true;

    public override int Invoke(ParseResult parseResult)
    {
        var output = parseResult.InvocationConfiguration.Output;
        if (verbs.FirstOrDefault(v => v.Command == parseResult.CommandResult.Command) is { } verb)
        {
            _library.Invoke(parseResult);
            WriteExamples(output, verb.Examples);
        }
        else if (parseResult.CommandResult.Command is not RootCommand)
        {
            _library.Invoke(parseResult); // of a verb's verb
        }
        else
        {
            WriteVerbs(output);
        }

        return CommandLine.Success;
    }

    private void WriteVerbs(TextWriter output)
    {
        output.WriteLine("llama4 serves Llama 4 from one process or many hosts, over an OpenAI-compatible HTTP interface.");
        output.WriteLine();
        output.WriteLine("Usage:");
        output.WriteLine("  llama4 [VERB] [options]       without a verb: serve");
        foreach (var group in verbs.GroupBy(v => v.Group))
        {
            output.WriteLine();
            output.WriteLine($"{Heading(group.Key)}:");
            foreach (var verb in group)
            {
                output.WriteLine($"  {verb.Command.Name,-14}{verb.Command.Description}");
            }
        }

        output.WriteLine();
        WriteExamples(
            output,
            [
                "llama4                                          serve the bundled model scout-nano",
                "llama4 serve --model DIR --port 0               serve a checkpoint on a free port",
                "llama4 chat \"What is the capital of France?\"    one answer on stdout",
            ]);
        output.WriteLine();
        output.WriteLine("'llama4 VERB --help' shows a verb's options and examples, 'llama4 --version' the version.");
    }

    private static void WriteExamples(TextWriter output, IEnumerable<string> examples)
    {
        output.WriteLine("Examples:");
        foreach (var example in examples)
        {
            output.WriteLine($"  {example}");
        }
    }

    private static string Heading(VerbGroup group) => group switch
    {
        VerbGroup.Serving => "Serving",
        VerbGroup.Models => "Models",
        VerbGroup.ComparingEngines => "Comparing engines",
        _ => throw new ArgumentOutOfRangeException(nameof(group), group, "not a group of verbs"),
    };
}
