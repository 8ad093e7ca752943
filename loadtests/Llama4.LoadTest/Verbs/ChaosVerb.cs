using System.CommandLine;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Faults;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Running;

namespace Llama4.LoadTest.Verbs;

/// <summary><c>chaos</c>: a scenario at its rate while commands kill or freeze what serves it.</summary>
internal static class ChaosVerb
{
    private static readonly TimeSpan ReadyLimit = TimeSpan.FromMinutes(3);

    public static Command Create(TextWriter output, TextWriter error)
    {
        var options = new LoadOptions();
        var seconds = new Option<double?>("--seconds") { HelpName = "N", Description = "How long sessions arrive, in place of the scenario's." };
        var todo = new Option<string[]>("--do") { HelpName = "'at N s: COMMAND'", Description = "Run by the shell N seconds after the start; may be given several times.", DefaultValueFactory = _ => [] };
        var script = new Option<string?>("--script") { HelpName = "FILE", Description = "Lines of SECONDS COMMAND." };
        var started = new Option<string[]>("--start") { HelpName = "COMMAND", Description = "A process that is started before and stopped after; commands know its number as $PID1 (the next as $PID2).", DefaultValueFactory = _ => [] };
        var ready = new Option<string?>("--ready") { HelpName = "URL", Description = "Asked until it answers below 500, before the load begins; otherwise the server's /v1/models." };
        var command = new Command("chaos", "Load a server while commands kill or freeze parts of it: the longest gap of each stream, fault by fault. Exit code 1 if a command failed.");
        options.AddTo(command);
        foreach (Option option in (Option[])[seconds, todo, script, started, ready])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, stop) =>
        {
            var scenario = options.Scenario(parsed, parsed.GetValue(seconds));
            var faults = Faults(parsed.GetRequiredValue(todo), parsed.GetValue(script), scenario.Seconds);
            var folder = options.Folder(parsed);
            await using var processes = new StartedProcesses(parsed.GetRequiredValue(started), folder?.Path);
            await processes.ReadyAsync(parsed.GetValue(ready) is { } asked ? ServerUrl.Parse(asked, "--ready") : ServerUrl.Of(options.Url(parsed), "models"), ReadyLimit, stop);
            var target = await options.TargetAsync(parsed, stop);
            var gaps = new FaultGaps();
            LoadRun run = null!;
            run = new LoadRun("chaos", scenario, target, folder, error)
            {
                Also = gaps,
                Beside = over => new FaultCommands(faults, processes.Variables, gaps, run.Clock).RunAsync(over),
                Complete = result => result with { Faults = gaps.Figures() },
            };
            var result = await run.RunAsync(stop);
            result = result with { Verdicts = [Ran(result.Faults, faults.Count)] };
            Finish.Run(result, folder, output);
            return result.Interrupted || result.Verdicts.Any(verdict => !verdict.IsKept) ? CommandLine.Failure : CommandLine.Success;
        });
        return command;
    }

    private static IReadOnlyList<ScheduledFault> Faults(string[] todo, string? script, double seconds)
    {
        IReadOnlyList<ScheduledFault> written;
        try
        {
            written = script is null ? [] : FaultScript.ParseFile(script, File.ReadAllLines(script));
        }
        catch (Exception error) when (error is IOException or UnauthorizedAccessException)
        {
            throw new LoadTestException($"--script: expected a file of commands, found: {error.Message}");
        }

        ScheduledFault[] faults = [.. todo.Select(FaultScript.ParseOption).Concat(written).OrderBy(fault => fault.At)];
        return faults.Length == 0 ? throw new LoadTestException("chaos: expected --do or --script, found neither")
            : faults[^1].At >= seconds ? throw new LoadTestException(FormattableString.Invariant($"chaos: expected commands within the {seconds} s of the load, found one at {faults[^1].At}: {faults[^1].Command}"))
            : faults;
    }

    private static Verdict Ran(IReadOnlyList<FaultFigures> faults, int planned)
    {
        var good = faults.Count(fault => fault.ExitCode == 0);
        return new Verdict("all commands were run and succeeded", good == planned, $"{good} of {planned}");
    }
}
