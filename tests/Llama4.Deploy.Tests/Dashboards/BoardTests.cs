using System.Text.Json;
using System.Text.RegularExpressions;

namespace Llama4.Deploy.Tests.Dashboards;

/// <summary>What a reader of the dashboards relies on, and what Grafana would only show as a gap.</summary>
public sealed partial class BoardTests
{
    [Fact]
    public void Boards_AreThoseThatAreNamed() =>
        Board.All.Select(board => board.Name).ShouldBe(["experts", "faults", "host", "overview", "pipeline", "request"]);

    [Fact]
    public void Panels_LieSideBySideWithinTheGrid()
    {
        foreach (var board in Board.All)
        {
            var taken = new HashSet<(int, int)>();
            foreach (var panel in board.Root.GetProperty("panels").EnumerateArray())
            {
                var place = panel.GetProperty("gridPos");
                int x = Number(place, "x"), y = Number(place, "y"), w = Number(place, "w"), h = Number(place, "h");
                (x >= 0 && x + w <= 24 && w > 0 && h > 0).ShouldBeTrue($"{board.Name} / {Title(panel)} leaves the grid: {place}");
                foreach (var cell in from column in Enumerable.Range(x, w) from line in Enumerable.Range(y, h) select (column, line))
                    taken.Add(cell).ShouldBeTrue($"{board.Name} / {Title(panel)} lies over another at {cell}");
            }
        }
    }

    [Fact]
    public void Panels_SayWhatTheyShowAndInWhichUnit()
    {
        foreach (var (board, panel) in Panels())
        {
            panel.GetProperty("description").GetString()!.Length.ShouldBeGreaterThan(10, $"{board.Name} / {Title(panel)}");
            if (panel.GetProperty("type").GetString() is "timeseries" or "stat" or "bargauge" or "status-history")
                panel.GetProperty("fieldConfig").GetProperty("defaults").GetProperty("unit").GetString().ShouldNotBeNullOrEmpty($"{board.Name} / {Title(panel)}");
        }
    }

    [Fact]
    public void Names_AreThereOnce()
    {
        Board.All.Select(board => board.Root.GetProperty("uid").GetString()).ShouldBeUnique();
        foreach (var board in Board.All)
        {
            board.Panels.Select(panel => Number(panel, "id")).ShouldBeUnique(board.Name);
            foreach (var panel in board.Panels.Where(panel => panel.TryGetProperty("targets", out _)))
                panel.GetProperty("targets").EnumerateArray().Select(target => target.GetProperty("refId").GetString()).ShouldBeUnique($"{board.Name} / {Title(panel)}");
        }
    }

    [Fact]
    public void Variables_ThatAreUsedAreThere()
    {
        foreach (var board in Board.All)
        {
            var known = board.Variables.Select(variable => variable.GetProperty("name").GetString()!).ToHashSet();
            foreach (Match use in VariableUse().Matches(board.Root.GetRawText()))
            {
                var name = use.Groups[1].Value;
                (known.Contains(name) || name.StartsWith("__", StringComparison.Ordinal)).ShouldBeTrue($"{board.Name} uses ${name}, which it does not have");
            }
        }
    }

    [Fact]
    public void Links_LeadToDashboardsThatAreThere()
    {
        var there = Board.All.Select(board => board.Root.GetProperty("uid").GetString()).ToHashSet();
        var linked = Board.All.Select(board => board.Root.GetRawText())
            .Append(File.ReadAllText(Path.Combine(Board.Folder, "provisioning", "datasources", "llama4.yml")))
            .SelectMany(text => BoardLink().Matches(text)).Select(link => link.Groups[1].Value).Distinct().ToList();

        linked.ShouldNotBeEmpty();
        linked.ShouldBeSubsetOf(there.Select(uid => uid!));
    }

    private static IEnumerable<(Board Board, JsonElement Panel)> Panels() =>
        from board in Board.All from panel in board.Panels where panel.GetProperty("type").GetString() != "row" select (board, panel);

    private static string Title(JsonElement panel) => panel.GetProperty("title").GetString()!;

    private static int Number(JsonElement of, string name) => of.GetProperty(name).GetInt32();

    [GeneratedRegex(@"\$\{?([A-Za-z_]\w*)")]
    private static partial Regex VariableUse();

    [GeneratedRegex(@"/d/([\w-]+)")]
    private static partial Regex BoardLink();
}
