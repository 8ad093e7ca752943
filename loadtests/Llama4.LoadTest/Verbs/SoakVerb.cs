using System.CommandLine;
using Llama4.LoadTest.Client;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Memory;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Running;

namespace Llama4.LoadTest.Verbs;

/// <summary><c>soak</c>: a scenario for hours, with an eye on the server's memory and on each request.</summary>
internal static class SoakVerb
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var options = new LoadOptions();
        var hours = new Option<double>("--hours") { HelpName = "N", Description = "How long sessions arrive.", DefaultValueFactory = _ => 1 };
        var pid = new Option<int?>("--pid") { HelpName = "PID", Description = "The server's process, whose resident memory is sampled." };
        var metrics = new Option<string?>("--metrics") { HelpName = "URL", Description = "A Prometheus page that has it, in place of --pid." };
        var growth = new Option<double>("--memory-growth") { HelpName = "SHARE", Description = "By how much of its median memory may grow after the first third of the time.", DefaultValueFactory = _ => 0.05 };
        var command = new Command("soak", "Load a server for hours: is its memory flat, is any request lost? Exit code 1 if not.");
        options.AddTo(command);
        foreach (Option option in (Option[])[hours, pid, metrics, growth])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, stop) =>
        {
            var scenario = options.Scenario(parsed, parsed.GetValue(hours) * 3600);
            var memory = Memory(parsed.GetValue(pid), parsed.GetValue(metrics), options.Key(parsed));
            var target = await options.TargetAsync(parsed, stop);
            var folder = options.Folder(parsed);
            LoadRun run = null!;
            run = new LoadRun("soak", scenario, target, folder, error)
            {
                Beside = over => memory?.SampleAsync(run.Clock, scenario.Seconds, over) ?? Task.CompletedTask,
                Complete = result => Judge(result with { Memory = memory?.Figures(parsed.GetValue(growth)) }, memory?.Missed ?? 0),
            };
            var result = await run.RunAsync(stop);
            Finish.Run(result, folder, output);
            return result.Interrupted || result.Verdicts.Any(verdict => !verdict.IsKept) ? CommandLine.Failure : CommandLine.Success;
        });
        return command;
    }

    private static LoadResult Judge(LoadResult result, int missed) => result with { Verdicts = SoakVerdicts.Of(result, missed) };

    private static ResidentMemory? Memory(int? pid, string? metrics, string? key) => (pid, metrics) switch
    {
        (not null, not null) => throw new LoadTestException("--pid, --metrics: expected one of them, found both"),
        ({ } id, null) => ResidentMemory.OfProcess(id),
        (null, { } url) => ResidentMemory.OfMetrics(ServerUrl.Parse(url, "--metrics"), key),
        _ => null,
    };
}
