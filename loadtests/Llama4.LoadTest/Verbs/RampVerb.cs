using System.CommandLine;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Results;
using Llama4.LoadTest.Running;
using Llama4.LoadTest.Scenarios;

namespace Llama4.LoadTest.Verbs;

/// <summary><c>ramp</c>: growing rates until the server has enough.</summary>
internal static class RampVerb
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var options = new LoadOptions();
        var seconds = new Option<double>("--seconds") { HelpName = "N", Description = "How long sessions arrive at each rate, or as long as ten need.", DefaultValueFactory = _ => 20 };
        var to = new Option<double>("--to") { HelpName = "N", Description = "The greatest rate that is tried.", DefaultValueFactory = _ => 1000 };
        var factor = new Option<double>("--factor") { HelpName = "N", Description = "From one rate to the next.", DefaultValueFactory = _ => 1.5 };
        var refine = new Option<int>("--refine") { HelpName = "N", Description = "Rates tried between the last that was kept and the first that was not.", DefaultValueFactory = _ => 2 };
        var command = new Command("ramp", "Raise the rate (from --rate on) until the service level breaks or a backlog grows: the knee. Exit code 1 if it is not found.");
        options.AddTo(command);
        foreach (Option option in (Option[])[seconds, to, factor, refine])
        {
            command.Add(option);
        }

        command.SetAction(async (parsed, stop) =>
        {
            var scenario = options.Scenario(parsed, parsed.GetValue(seconds));
            var search = Search(scenario, parsed.GetValue(to), parsed.GetValue(factor), parsed.GetValue(refine));
            var target = await options.TargetAsync(parsed, stop);
            var folder = options.Folder(parsed);
            var result = await new RampRun(scenario, target, scenario.Seconds, folder, error).RunAsync(search, stop);
            Finish.Run(result, folder, output);
            return result.Interrupted || result.Verdicts.Any(verdict => !verdict.IsKept) ? CommandLine.Failure : CommandLine.Success;
        });
        return command;
    }

    private static RampSearch Search(Scenario scenario, double to, double factor, int refine) =>
        scenario.Arrivals.Process == ArrivalProcess.Recorded ? throw new LoadTestException("ramp: expected a scenario with a rate, found a recording")
        : factor is not (> 1 and <= 100) ? throw new LoadTestException(FormattableString.Invariant($"--factor: expected more than 1 and at most 100, found {factor}"))
        : !(to >= scenario.Arrivals.Rate) ? throw new LoadTestException(FormattableString.Invariant($"--to: expected at least the first rate, {scenario.Arrivals.Rate}, found {to}"))
        : refine is < 0 or > 20 ? throw new LoadTestException($"--refine: expected 0 to 20, found {refine}")
        : new RampSearch(scenario.Arrivals.Rate, to, factor, refine);
}
