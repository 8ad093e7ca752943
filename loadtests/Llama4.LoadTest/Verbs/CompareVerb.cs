using System.CommandLine;
using Llama4.LoadTest.Deciding;
using Llama4.LoadTest.Report;
using Llama4.LoadTest.Results;

namespace Llama4.LoadTest.Verbs;

/// <summary><c>compare</c>: two runs side by side, with limits on ratios.</summary>
internal static class CompareVerb
{
    public static Command Create(TextWriter output)
    {
        var first = new Argument<string>("first") { HelpName = "A", Description = "The folder of a run, or its result.json." };
        var second = new Argument<string>("second") { HelpName = "B", Description = "Another, which is held to the first." };
        var most = new Option<string?>("--most") { HelpName = "FIGURE=RATIO,...", Description = "B's figure may be as many times A's, as in ttft_p99=1.2,total_p50=1.1." };
        var least = new Option<string?>("--least") { HelpName = "FIGURE=RATIO,...", Description = "B's figure must be as many times A's, as in tokens_per_second=0.95." };
        var page = new Option<string?>("--out") { HelpName = "FILE", Description = "An HTML page with both runs on the same plots." };
        var command = new Command("compare", "Compare two runs. Exit code 1 if a ratio is not kept.") { first, second, most, least, page };
        command.SetAction(parsed =>
        {
            var limits = Comparison.ParseLimits(parsed.GetValue(most), parsed.GetValue(least));
            var (a, b) = (ResultFolder.Read(parsed.GetRequiredValue(first)), ResultFolder.Read(parsed.GetRequiredValue(second)));
            var figures = Comparison.Of(a, b, limits);
            ComparisonText.Write(figures, Differences.Of(a, b), output);
            if (parsed.GetValue(page) is { } path)
            {
                Finish.WritePage(path, ComparisonPage.Of(a, b, figures));
                output.WriteLine($"wrote {path}");
            }

            return figures.All(figure => figure.IsKept) ? CommandLine.Success : CommandLine.Failure;
        });
        return command;
    }
}
