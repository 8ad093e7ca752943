using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Parsing;
using Llama4.Server.Output;
using Llama4.Server.Verbs;

namespace Llama4.Server;

/// <summary>The command line of <c>llama4</c>: its verbs, and what becomes of mistakes.</summary>
public static class CommandLine
{
    /// <summary>The verb ran to its end.</summary>
    public const int Success = 0;

    /// <summary>The verb could not do what was asked; one line on stderr says why.</summary>
    public const int Failure = 1;

    /// <summary>The command line itself was wrong; one line on stderr says how.</summary>
    public const int Usage = 2;

    /// <summary>What shells report for a program that an interrupt ended: 128 + SIGINT.</summary>
    public const int Interrupted = 130;

    /// <summary>Runs one command line. Never throws for a caller's mistake; see the exit codes above.</summary>
    public static async Task<int> RunAsync(string[] args, Terminal terminal)
    {
        using var interrupts = terminal.Interrupts;
        try
        {
            var parsed = Root(terminal, optionsEnd: args.Contains("--")).Parse(WithDefaultVerb(args));
            if (parsed.Errors.Count > 0 && parsed.Action is not HelpPages)
            {
                throw new UsageException(Describe(parsed));
            }

            return await parsed.InvokeAsync(
                new InvocationConfiguration
                {
                    Output = terminal.Output,
                    Error = terminal.Error,
                    EnableDefaultExceptionHandler = false, // reported below, on one line
                    ProcessTerminationTimeout = null, // interrupts are the terminal's: a chat keeps running
                },
                interrupts.Token);
        }
        catch (OperationCanceledException) when (interrupts.Token.IsCancellationRequested)
        {
            return Interrupted;
        }
        catch (Exception error)
        {
            Report(error, terminal);
            return error is UsageException ? Usage : Failure;
        }
    }

    /// <summary>All verbs, in the order and groups of the help text.</summary>
    internal static IReadOnlyList<Verb> Verbs(Terminal terminal) =>
    [
        ServeVerb.Create(terminal),
        ChatVerb.Create(terminal),
        KeyVerb.Create(terminal),
        OperatorVerbs.Status(terminal),
        OperatorVerbs.Drain(terminal),
        OperatorVerbs.Rebalance(terminal),
        HealthVerb.Create(terminal),
        InspectVerb.Create(terminal),
        PlanVerb.Create(terminal),
        SynthVerb.Create(terminal),
        EvalVerb.Create(terminal),
        BenchVerb.Create(terminal),
        LogitsVerb.Create(terminal),
        PreprocessVerb.Create(terminal),
        TokenizeVerb.Create(terminal),
        DetokenizeVerb.Create(terminal),
        RenderVerb.Create(terminal),
        ToolCallsVerb.Create(terminal),
        DistributionVerb.Create(terminal),
        AcceptsVerb.Create(terminal),
    ];

    private static RootCommand Root(Terminal terminal, bool optionsEnd)
    {
        var root = new RootCommand("Serves Llama 4 from one process or many hosts.");
        var verbs = Verbs(terminal);
        foreach (var verb in verbs)
        {
            root.Add(verb.Command);
            if (!optionsEnd)
            {
                RefuseUnknownOptions(verb.Command);
            }
        }

        root.Options.OfType<HelpOption>().Single().Action = new HelpPages(verbs);
        return root;
    }

    /// <summary>No verb is <c>serve</c>, with or without its options.</summary>
    private static string[] WithDefaultVerb(string[] args) =>
        args is [] || (args[0].StartsWith('-') && args[0] is not ("-h" or "--help" or "-?" or "--version")) ? ["serve", .. args] : args;

    /// <summary>The parser takes an unknown option for an argument: a mistyped option would become a question or a file name.</summary>
    private static void RefuseUnknownOptions(Command command)
    {
        foreach (var argument in command.Arguments)
        {
            argument.Validators.Add(result =>
            {
                if (result.Tokens is [{ Value: ['-', _, ..] and var text }])
                {
                    result.AddError($"Unrecognized option '{text}'");
                }
            });
        }
    }

    /// <summary>Like <c>llama4 bench pipeline</c>.</summary>
    private static string PathOf(CommandResult command) => command.Parent is CommandResult parent ? $"{PathOf(parent)} {command.Command.Name}" : "llama4";

    private static string Describe(ParseResult parsed)
    {
        var message = parsed.Errors.Select(e => e.Message).OrderBy(Rank).First();
        return $"{message.TrimEnd('.')}. See '{PathOf(parsed.CommandResult)} --help'.";

        // One line: what was mistyped explains what is missing, not the other way round.
        static int Rank(string message) => message.StartsWith("Unrecognized option", StringComparison.Ordinal) ? 0
            : message.StartsWith("Unrecognized", StringComparison.Ordinal) ? 1 : 2;
    }

    private static void Report(Exception error, Terminal terminal)
    {
        var cause = error is AggregateException { InnerExceptions.Count: 1 } one ? one.InnerExceptions[0] : error;
        terminal.Error.WriteLine($"error: {cause.Message.ReplaceLineEndings(" ")}");
        if (Environment.GetEnvironmentVariable("LLAMA4_DEBUG") == "1")
        {
            terminal.Error.WriteLine(error);
        }
    }
}
