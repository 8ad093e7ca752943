using System.CommandLine;
using Llama4.Server.Inspect;
using Llama4.Server.Output;

namespace Llama4.Server.Verbs;

/// <summary><c>llama4 inspect</c>: what a model is made of, and what serving it takes.</summary>
internal static class InspectVerb
{
    public static Verb Create(Terminal terminal)
    {
        var model = new Argument<string>("model") { Description = "A model directory, or a config.json alone.", HelpName = "DIR|config.json" };
        var json = new Option<bool>("--json") { Description = "Everything as one JSON object, every parameter included." };
        var table = new Option<bool>("--table") { Description = "Only the total and the table of modules and parameters." };
        var command = new Command("inspect", "Parameters, bytes by kind, KV bytes per token and layer plan of a model.") { model, json, table };
        command.SetAction(parsed =>
        {
            if (parsed.GetValue(json) && parsed.GetValue(table))
            {
                throw new UsageException("--json and --table exclude each other. See 'llama4 inspect --help'.");
            }

            var report = ModelReport.Read(parsed.GetRequiredValue(model));
            foreach (var warning in report.Config.Warnings)
            {
                terminal.Error.WriteLine($"warning: {warning}");
            }

            terminal.WriteReport(
                parsed.GetValue(json),
                writer => ReportJson.Write(report, writer),
                output => output.WriteLine(parsed.GetValue(table) ? ParameterTableText.Render(report) : ReportText.Render(report)));
            return CommandLine.Success;
        });
        return new Verb(
            VerbGroup.Models,
            command,
            "llama4 inspect path/to/Llama-4-Scout-17B-16E",
            "llama4 inspect config.json --table",
            "llama4 inspect DIR --json | jq .active_parameters_per_token");
    }
}
