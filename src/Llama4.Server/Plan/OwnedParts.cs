using System.Globalization;
using Llama4.Contracts;

namespace Llama4.Server.Plan;

/// <summary>What a host owns by a plan, in a few lines for people: ranges collapsed.</summary>
internal static class OwnedParts
{
    public static IEnumerable<string> Of(PlacementPlan plan, HostId host)
    {
        foreach (var replica in plan.Replicas)
        {
            var parts = new List<string>();
            parts.AddRange(replica.Stages.Where(stage => stage.Host == host).Select(stage => $"stage {stage.Stage}: attention {Layers(stage.FirstLayer, stage.FirstLayer + stage.Layers - 1)}"));
            parts.AddRange(replica.Vocabulary == host ? ["vocabulary"] : []);
            parts.AddRange(replica.Engine == host ? ["engine"] : []);
            if (parts.Count > 0)
            {
                yield return (plan.Replicas.Length > 1 ? $"replica {replica.Replica} " : "") + string.Join(", ", parts);
            }
        }

        if (Experts(plan, group => group.Host == host) is { } owned)
        {
            yield return $"experts: {owned}";
        }

        if (Experts(plan, group => group.Standbys.Contains(host)) is { } standby)
        {
            yield return $"standby: {standby}";
        }

        foreach (var replica in plan.Replicas)
        {
            string[] parts =
            [
                .. replica.Stages.Where(stage => stage.Standbys.Contains(host)).Select(stage => Text($"stage {stage.Stage}: attention {Layers(stage.FirstLayer, stage.FirstLayer + stage.Layers - 1)}")),
                .. replica.VocabularyStandbys.Contains(host) ? (string[])["vocabulary"] : [],
            ];
            if (parts.Length > 0)
            {
                yield return (plan.Replicas.Length > 1 ? $"replica {replica.Replica} " : "") + "standby: " + string.Join(", ", parts);
            }
        }
    }

    /// <summary>Which experts where they are the same ones in all layers, else how many; null for none.</summary>
    private static string? Experts(PlacementPlan plan, Func<ExpertGroupPlacement, bool> has)
    {
        var layers = plan.Layers.Select(layer => (layer.Layer, Groups: layer.ExpertGroups.Where(has).OrderBy(group => group.First).ToList()))
            .Where(layer => layer.Groups.Count > 0).ToList();
        if (layers.Count == 0)
        {
            return null;
        }

        var ranges = layers.Select(layer => string.Join(", ", layer.Groups.Select(group => $"{group.First}-{group.First + group.Count - 1}"))).Distinct().ToList();
        var counts = layers.Select(layer => layer.Groups.Sum(group => group.Count)).ToList();
        var which = Runs(layers.Select(layer => layer.Layer));
        return ranges.Count == 1 ? $"{ranges[0]} of {which}"
            : counts.Min() == counts.Max() ? Text($"{counts[0]} in each of {which}")
            : Text($"{counts.Min()} to {counts.Max()} in each of {which}, {counts.Sum()} together");
    }

    /// <summary>Runs of numbers with one distance: layers 0-47, layers 1, 3 .. 47; beyond three runs, how many.</summary>
    private static string Runs(IEnumerable<int> layers)
    {
        var all = layers.ToList();
        var step = all.Count > 1 ? all[1] - all[0] : 1;
        return all.Zip(all.Skip(1)).All(pair => pair.Second - pair.First == step)
            ? step == 1 || all.Count < 3 ? Layers(all[0], all[^1]) : Text($"layers {all[0]}, {all[1]} .. {all[^1]}")
            : Text($"{all.Count} layers");
    }

    private static string Layers(int first, int last) => first == last ? Text($"layer {first}") : Text($"layers {first}-{last}");

    private static string Text(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
