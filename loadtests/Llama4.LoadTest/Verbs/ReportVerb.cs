using System.CommandLine;
using Llama4.LoadTest.Report;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Verbs;

/// <summary><c>report</c>: text and page of a run that is over.</summary>
internal static class ReportVerb
{
    public static Command Create(TextWriter output)
    {
        var folder = new Argument<string>("dir") { HelpName = "DIR", Description = "The folder of a run." };
        var command = new Command("report", "Write report.html of a run's result.json.") { folder };
        command.SetAction(parsed =>
        {
            var path = parsed.GetRequiredValue(folder);
            var result = ResultFolder.Read(path);
            ResultText.Write(result, output);
            var page = Path.Combine(Directory.Exists(path) ? path : Path.GetDirectoryName(Path.GetFullPath(path))!, "report.html");
            Finish.WritePage(page, ResultPage.Of(result));
            output.WriteLine($"wrote {page}");
        });
        return command;
    }
}
