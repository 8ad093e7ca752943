using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// Gives stages and vocabularies their standbys, as far as hosts have room when all else is placed: hosts that have the weights loaded, so that
/// they can take over at once. They are wishes: a plan without them serves as well.
/// </summary>
internal static class StageStandbyPlanner
{
    public static void Place(PlanLayout layout)
    {
        for (var nth = 0; nth < layout.Request.Standbys; nth++)
        {
            for (var replica = 0; replica < layout.Attention.Length; replica++)
            {
                PlaceStages(layout, replica);
            }

            for (var replica = 0; replica < layout.Attention.Length; replica++)
            {
                PlaceVocabulary(layout, replica);
            }
        }
    }

    private static void PlaceStages(PlanLayout layout, int replica)
    {
        var owners = layout.Attention[replica];
        for (int first = 0, end; first < owners.Length; first = end)
        {
            end = first + 1;
            while (end < owners.Length && owners[end] == owners[first])
            {
                end++;
            }

            int[] layers = [.. Enumerable.Range(first, end - first)];
            var (owner, standbys) = (owners[first], layout.AttentionStandbys[replica][first]);
            HostId[] before = [.. Before(layout, replica, layers)];
            var chosen = Choose(
                layout, HostRoles.Attention, owner, standbys, before,
                host => layout.AttentionNeeds(host, layers, asStandby: true),
                host => layers.Where(layer => !layout.Loaded[host].Layers.Contains(layer)).Sum(layout.Parts.AttentionWeights),
                host => layout.Room(host) < layout.AttentionNeeds(host, layers, asStandby: false),
                layout.HasAttention);
            foreach (var layer in chosen is null ? [] : layers)
            {
                layout.GiveAttentionStandby(replica, layer, chosen!.Value);
            }
        }
    }

    private static void PlaceVocabulary(PlanLayout layout, int replica)
    {
        HostId[] before = [.. layout.Request.Previous?.Replicas.ElementAtOrDefault(replica)?.VocabularyStandbys ?? []];
        var chosen = Choose(
            layout, HostRoles.Vocabulary, layout.Vocabulary[replica], layout.VocabularyStandbys[replica], before,
            layout.VocabularyNeeds,
            host => layout.Loaded[host].Vocabulary ? 0 : layout.Parts.Vocabulary,
            host => layout.Room(host) < layout.VocabularyNeeds(host) + layout.Parts.VocabularyBuffers,
            layout.Vocabulary.Contains);
        if (chosen is { } host)
        {
            layout.GiveVocabularyStandby(replica, host);
        }
    }

    /// <summary>Hosts that stood by for all of these layers, in the earlier plan's order.</summary>
    private static IEnumerable<HostId> Before(PlanLayout layout, int replica, int[] layers)
    {
        if (layout.Request.Previous?.Replicas.ElementAtOrDefault(replica) is not { } previous || previous.Stages.Sum(stage => stage.Layers) != layout.Attention[replica].Length)
        {
            return [];
        }

        return previous.StageOf(layers[0]).Standbys.Where(host => layers.All(layer => previous.StageOf(layer).Standbys.Contains(host)));
    }

    /// <summary>
    /// Who was standby before; who has least to load; another zone; who has room to take over; who has no such part itself; the emptiest. In
    /// haste only who has nothing to load. Null where nobody has room.
    /// </summary>
    /// <param name="before">The earlier plan's standbys, in order.</param>
    /// <param name="needs">Bytes that being a standby takes.</param>
    /// <param name="loads">Bytes to load.</param>
    /// <param name="crowded">True where taking over would need more room than there is.</param>
    /// <param name="busy">True for hosts with parts of this kind.</param>
    private static int? Choose(
        PlanLayout layout, HostRoles role, int owner, List<int> standbys, HostId[] before, Func<int, long> needs, Func<int, long> loads, Func<int, bool> crowded, Func<int, bool> busy) =>
        Enumerable.Range(0, layout.Hosts.Length)
            .Where(host => layout.Hosts[host].May(role) && host != owner && !standbys.Contains(host) && needs(host) <= layout.Room(host))
            .Where(host => !layout.Request.InHaste || loads(host) == 0)
            .OrderBy(host => Array.IndexOf(before, layout.Hosts[host].Host) is var place and >= 0 ? place : int.MaxValue)
            .ThenBy(loads)
            .ThenBy(host => layout.Hosts[host].Zone == layout.Hosts[owner].Zone)
            .ThenBy(crowded)
            .ThenBy(busy)
            .ThenBy(host => (double)layout.Used[host] / layout.Hosts[host].Bytes)
            .ThenBy(host => host)
            .Select(host => (int?)host)
            .FirstOrDefault();
}
