using System.CommandLine;
using Llama4.LoadTest.Running;

namespace Llama4.LoadTest.Verbs;

/// <summary><c>run</c>: a scenario at its rate.</summary>
internal static class RunVerb
{
    public static Command Create(TextWriter output, TextWriter error)
    {
        var options = new LoadOptions();
        var seconds = new Option<double?>("--seconds") { HelpName = "N", Description = "How long sessions arrive, in place of the scenario's." };
        var command = new Command("run", "Load a server with a scenario at its rate.");
        options.AddTo(command);
        command.Add(seconds);
        command.SetAction(async (parsed, stop) =>
        {
            var scenario = options.Scenario(parsed, parsed.GetValue(seconds));
            var target = await options.TargetAsync(parsed, stop);
            var folder = options.Folder(parsed);
            var result = await new LoadRun("run", scenario, target, folder, error).RunAsync(stop);
            Finish.Run(result, folder, output);
            return result.Interrupted ? CommandLine.Failure : CommandLine.Success;
        });
        return command;
    }
}
