using System.Globalization;
using System.Text;

namespace Llama4.Server.Inspect;

/// <summary>
/// <c>inspect --table</c>: total and parameters in the form in which Llama 4's parameter table is passed around (a PrettyTable of
/// PyTorch's named_parameters). Where Scout departs from that page is told in docs/decisions/parameter-table.md.
/// </summary>
internal static class ParameterTableText
{
    private const string NameTitle = "Modules";
    private const string CountTitle = "Parameters";

    public static string Render(ModelReport report)
    {
        // As wide as the widest of all names, shown or not: the page was made that way.
        var nameWidth = Math.Max(NameTitle.Length, report.Parameters.Max(p => p.Parameter.ReleasedName.Length)) + 2;
        var countWidth = Math.Max(CountTitle.Length, report.Parameters.Max(p => Count(p).Length)) + 2;
        var rule = $"+{new string('-', nameWidth)}+{new string('-', countWidth)}+";
        var text = new StringBuilder();
        text.AppendLine(CultureInfo.InvariantCulture, $"Total Trainable Params: {report.Total:N0} ({Math.Round(report.Total / 1e9):0}B)");
        text.AppendLine();
        text.AppendLine(rule);
        text.AppendLine(Row(NameTitle, CountTitle));
        text.AppendLine(rule);
        foreach (var (name, parameter) in CollapsedTable.Rows(report.Parameters))
        {
            text.AppendLine(Row(name, parameter is null ? "..." : Count(parameter)));
        }

        return text.Append(rule).ToString();

        string Row(string name, string count) => $"|{Centre(name, nameWidth)}|{Centre(count, countWidth)}|";
    }

    private static string Count(StoredParameter parameter) => parameter.Parameter.Count.ToString(CultureInfo.InvariantCulture);

    /// <summary>PrettyTable's rule: of an odd excess the larger half goes right of an odd text and left of an even one.</summary>
    private static string Centre(string text, int width)
    {
        var excess = width - text.Length;
        var left = (excess / 2) + (excess % 2 == 1 && text.Length % 2 == 0 ? 1 : 0);
        return text.PadLeft(text.Length + left).PadRight(width);
    }
}
