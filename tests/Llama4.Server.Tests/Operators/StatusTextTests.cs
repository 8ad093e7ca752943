using System.Globalization;
using Llama4.Contracts;
using Llama4.Gateway.Tests.Scripted;
using Llama4.Server.Operators;

namespace Llama4.Server.Tests.Operators;

public sealed class StatusTextTests
{
    private static readonly string[] Headings =
        ["host", "condition", "epoch", "pid", "roles", "owns", "stands by for", "weights", "memory", "rows/s", "running", "waiting", "KV"];

    private static readonly HostId Center = ScriptedAdmin.Center;
    private static readonly HostId Worker = ScriptedAdmin.Worker;

    [Fact]
    public void Status_OfTwoHosts_HasEveryFieldInItsPlace()
    {
        var lines = Lines(new ScriptedAdmin().Status);

        lines[0].ShouldBe("plan epoch 7, made by center-k3f9");
        lines[1].ShouldBe("waiting: worker-a1b2 lacks 1,024 bytes");
        var table = Table(lines);
        table.ShouldBe(
        [
            Headings,
            ["center-k3f9", "alive", "7", "4711", "any", "engine 0, layers 0-3, vocabulary, 16 experts in 2 layers", "16 experts in 2 layers", "217 MB", "640 MB", "1234", "3", "2", "25%"],
            ["worker-a1b2", "suspected", "6", "4712", "experts,vocabulary", "16 experts in 2 layers", "", "96.0 MB", "128 MB", "0", "", "", ""],
        ]);
        lines[^1].ShouldBe($"{new DateTimeOffset(2026, 11, 25, 5, 0, 0, TimeSpan.Zero).ToLocalTime().ToString("HH:mm:ss", CultureInfo.InvariantCulture)}  worker-a1b2: silent for 120 ms: suspected");
    }

    [Fact]
    public void Status_WhenNothingIsWaitedForAndNothingWentWrong_SaysNothingOfIt()
    {
        var lines = Lines(new ScriptedAdmin().Status with { Plan = null, Waiting = null, Faults = [] });

        lines.ShouldAllBe(line => !line.Contains("waiting:"));
        lines[^1].Trim().ShouldStartWith("worker-a1b2");
    }

    [Fact]
    public void Status_BeforeTheFirstPlan_SaysSoAndNobodyOwnsAnything()
    {
        var lines = Lines(new ScriptedAdmin().Status with { Epoch = 0, Plan = null });

        lines[0].ShouldBe("no plan yet, center-k3f9 leads");
        Table(lines)[1][5].ShouldBe("");
        Table(lines)[1][6].ShouldBe("");
    }

    /// <summary>Two replicas over two stages: a layer that is there for both is told once, standbys of any part beside what is owned.</summary>
    [Fact]
    public void Status_OfReplicasAndStandbys_TellsEachPart()
    {
        StagePlacement[] stages = [new(0, 0, 2, Center) { Standbys = [Worker] }, new(1, 2, 2, Worker)];
        var plan = new PlacementPlan(9, Center, Center, [.. Enumerable.Range(0, 4).Select(layer => new LayerPlacement(layer, stages[layer / 2].Host, []))])
        {
            Replicas = [new ReplicaPlacement(0, Center, Center, stages) { VocabularyStandbys = [Worker] }, new ReplicaPlacement(1, Worker, Center, stages)],
            Hosts = [Center, Worker],
        };

        var table = Table(Lines(new ScriptedAdmin().Status with { Plan = plan }));

        table[1][5..7].ShouldBe(["engine 0, layers 0-1, vocabulary", ""]);
        table[2][5..7].ShouldBe(["engine 1, layers 2-3", "layers 0-1, vocabulary"]);
    }

    /// <summary>Engines of several replicas on one host count together.</summary>
    [Fact]
    public void Status_OfSeveralEnginesOnAHost_AddsThemUp()
    {
        var status = new ScriptedAdmin().Status;
        var host = status.Hosts[0] with
        {
            Engines = [new EngineStatus(1, 2, 30, 100, 0, 0, 0), new EngineStatus(10, 20, 45, 100, 0, 0, 0)],
        };

        Table(Lines(status with { Hosts = [host] }))[1][10..].ShouldBe(["11", "22", "38%"]);
    }

    [Theory]
    [InlineData(HostCondition.Joining, "joining")]
    [InlineData(HostCondition.Draining, "draining")]
    public void Status_OfAHost_TellsItsCondition(HostCondition condition, string word)
    {
        var status = new ScriptedAdmin().Status;

        Table(Lines(status with { Hosts = [status.Hosts[0] with { Condition = condition }] }))[1][1].ShouldBe(word);
    }

    [Fact]
    public void Status_WithManyFaults_TellsTheNewestEight()
    {
        var faults = Enumerable.Range(0, 10).Select(i => new ClusterFault(DateTimeOffset.UnixEpoch, Worker, $"fault [{i}]")).ToArray();

        Lines(new ScriptedAdmin().Status with { Faults = faults })[^8..].Select(line => line.Split(": ")[1]).ShouldBe(faults[..8].Select(fault => fault.What));
    }

    [Fact]
    public void Status_OfNamesWithBrackets_ShowsThemAsTheyAre()
    {
        var status = new ScriptedAdmin().Status;

        Table(Lines(status with { Hosts = [status.Hosts[0] with { Host = new HostId("[red]x[/]") }] }))[1][0].ShouldBe("[red]x[/]");
    }

    private static string[] Lines(ClusterStatus status)
    {
        using var text = new StringWriter { NewLine = "\n" };
        StatusText.Write(status, text);
        return [.. text.ToString().Split('\n').Select(line => line.TrimEnd()).Where(line => line.Length > 0)];
    }

    /// <summary>The table's cells, headings first: each begins where its heading does, and what is wrapped is joined again.</summary>
    private static List<string[]> Table(string[] lines)
    {
        var head = Array.FindIndex(lines, line => line.Contains(Headings[^1], StringComparison.Ordinal));
        int[] starts = [.. Headings.Select(heading => lines[head].IndexOf(heading, StringComparison.Ordinal)), 200];
        var rows = new List<string[]> { Cells(lines[head]) };
        foreach (var line in lines[(head + 2)..].TakeWhile(line => line.StartsWith(' ')))
        {
            var cells = Cells(line);
            if (cells[0].Length > 0)
            {
                rows.Add(cells);
            }
            else
            {
                rows[^1] = [.. rows[^1].Zip(cells, (above, below) => $"{above} {below}".Trim())];
            }
        }

        return rows;

        string[] Cells(string line) => [.. starts.Zip(starts.Skip(1), (start, end) => line.PadRight(200)[start..end].Trim())];
    }
}
