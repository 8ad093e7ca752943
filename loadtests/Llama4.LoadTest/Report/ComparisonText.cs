using System.Globalization;
using Llama4.LoadTest.Deciding;

namespace Llama4.LoadTest.Report;

/// <summary>Two runs for the terminal.</summary>
internal static class ComparisonText
{
    /// <param name="differences">What the runs were asked differently.</param>
    public static void Write(IReadOnlyList<ComparedFigure> figures, IReadOnlyList<string> differences, TextWriter to)
    {
        foreach (var difference in differences)
        {
            to.WriteLine($"asked differently: {difference}");
        }

        to.WriteLine($"{"",-22}{"A",12}{"B",12}{"B to A",9}  limit");
        foreach (var figure in figures.Where(figure => figure.Limit is not null || !double.IsNaN(figure.First) || !double.IsNaN(figure.Second)))
        {
            to.WriteLine(string.Create(
                CultureInfo.InvariantCulture,
                $"{figure.Name,-22}{figure.First,12:0.0000}{figure.Second,12:0.0000}{figure.Ratio,9:0.000}  {Limit(figure)}{(figure.Limit is null ? "" : figure.IsKept ? " kept" : " BROKEN")}").TrimEnd());
        }
    }

    public static string Limit(ComparedFigure figure) =>
        figure.Limit is { } limit ? string.Create(CultureInfo.InvariantCulture, $"at {(limit.IsMost ? "most" : "least")} {limit.Ratio:0.###}") : "";
}
