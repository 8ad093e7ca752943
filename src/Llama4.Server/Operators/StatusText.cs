using System.Globalization;
using Llama4.Contracts;
using Llama4.Server.Output;
using Llama4.Server.Serving;
using Spectre.Console;

namespace Llama4.Server.Operators;

/// <summary>A cluster's status for people: a table of hosts, then what is waited for and what went wrong.</summary>
internal static class StatusText
{
    public static void Write(ClusterStatus status, TextWriter output)
    {
        output.WriteLine(status.Plan is null ? $"no plan yet, {status.Leader} leads" : string.Create(CultureInfo.InvariantCulture, $"plan epoch {status.Epoch}, made by {status.Leader}"));
        if (status.Waiting is { } reason)
        {
            output.WriteLine($"waiting: {reason}");
        }

        var table = new Table { Border = TableBorder.Simple };
        foreach (var heading in (string[])["host", "condition", "epoch", "pid", "roles", "owns", "stands by for", "weights", "memory", "rows/s", "running", "waiting", "KV"])
        {
            table.AddColumn(heading);
        }

        foreach (var host in status.Hosts)
        {
            var engine = host.Engines.Aggregate(
                (Running: 0, Waiting: 0, Used: 0L, Blocks: 0L),
                (sum, one) => (sum.Running + one.Running, sum.Waiting + one.Waiting, sum.Used + one.KvBlocksUsed, sum.Blocks + one.KvBlocks));
            var hasEngine = host.Engines.Length > 0;
            string[] cells =
            [
                host.Host.Name, host.Condition.ToString().ToLowerInvariant(), Number(host.Epoch), Number(host.ProcessId), RoleList.Text(host.Roles),
                Owned(status.Plan, host.Host), StoodBy(status.Plan, host.Host), ByteSize.Format(host.WeightBytes), ByteSize.Format(host.MemoryBytes),
                host.RowsPerS.ToString("F0", CultureInfo.InvariantCulture), hasEngine ? Number(engine.Running) : "", hasEngine ? Number(engine.Waiting) : "",
                engine.Blocks > 0 ? (engine.Used * 100.0 / engine.Blocks).ToString("F0", CultureInfo.InvariantCulture) + "%" : "",
            ];
            table.AddRow(Array.ConvertAll(cells, Markup.Escape));
        }

        var console = AnsiConsole.Create(new AnsiConsoleSettings { Ansi = AnsiSupport.No, Out = new AnsiConsoleOutput(output) });
        console.Profile.Width = 200;
        console.Write(table);
        HotExpertsText.Write(status.Plan, output);
        foreach (var fault in status.Faults.Take(8))
        {
            output.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{fault.At.ToLocalTime():HH:mm:ss}  {fault.Host}: {fault.What}"));
        }
    }

    private static string Owned(PlacementPlan? plan, HostId host) => plan is null ? "" : Parts(
        plan.Replicas.Where(replica => replica.Engine == host).Select(replica => $"engine {replica.Replica}"),
        plan.Replicas.SelectMany(replica => replica.Stages.Where(stage => stage.Host == host).Select(stage => Layers(stage))),
        plan.Replicas.Any(replica => replica.Vocabulary == host),
        plan.Layers.Select(layer => layer.ExpertGroups.Where(group => group.Host == host).Sum(group => group.Count)));

    private static string StoodBy(PlacementPlan? plan, HostId host) => plan is null ? "" : Parts(
        [],
        plan.Replicas.SelectMany(replica => replica.Stages.Where(stage => stage.Standbys.Contains(host)).Select(stage => Layers(stage))),
        plan.Replicas.Any(replica => replica.VocabularyStandbys.Contains(host)),
        plan.Layers.Select(layer => layer.ExpertGroups.Where(group => group.Standbys.Contains(host)).Sum(group => group.Count)));

    private static string Number(long number) => number.ToString(CultureInfo.InvariantCulture);

    private static string Layers(StagePlacement stage) => $"layers {stage.FirstLayer}-{stage.FirstLayer + stage.Layers - 1}";

    private static string Parts(IEnumerable<string> engines, IEnumerable<string> layers, bool vocabulary, IEnumerable<int> experts)
    {
        var counts = experts.Where(count => count > 0).ToArray();
        var most = counts.Length == 0 ? "" : $"{counts.Sum()} experts in {counts.Length} layers";
        return string.Join(", ", [.. engines, .. layers.Distinct(), .. vocabulary ? (string[])["vocabulary"] : [], .. most.Length > 0 ? (string[])[most] : []]);
    }
}
