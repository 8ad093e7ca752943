using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>What a model needs, as far as its placement goes.</summary>
/// <param name="Layers">In order; Experts is 0 on dense layers, ExpertBytes is of one expert.</param>
/// <param name="VocabularyBytes">Embeddings and lm_head.</param>
public sealed record ModelShape(IReadOnlyList<LayerShape> Layers, long VocabularyBytes);

/// <param name="AttentionBytes">All of a layer but its routed experts, with its KV pool.</param>
public sealed record LayerShape(long AttentionBytes, int Experts, long ExpertBytes);

/// <param name="Bytes">What the host can hold.</param>
public sealed record HostCapacity(HostId Host, long Bytes);

/// <summary>
/// Attention of all layers, vocabulary and engine go to the host with most room (rows then leave a host only for experts);
/// each expert group goes to the host with most room left.
/// </summary>
public static class PlacementPlanner
{
    /// <param name="groupsPerLayer">Groups the experts of a layer are cut into; at most as many as there are experts.</param>
    /// <exception cref="InvalidOperationException">It does not fit; the message says how many bytes are missing.</exception>
    public static PlacementPlan Plan(ModelShape shape, IReadOnlyList<HostCapacity> hosts, int groupsPerLayer, long epoch)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(groupsPerLayer, 1);
        if (hosts.Count == 0 || hosts.Select(host => host.Host).Distinct().Count() != hosts.Count)
        {
            throw new ArgumentException($"{hosts.Count} hosts were given; there must be at least one, each once.", nameof(hosts));
        }

        var room = hosts.Select(host => host.Bytes).ToArray();
        var center = Take(room, shape.VocabularyBytes + shape.Layers.Sum(layer => layer.AttentionBytes), "attention and vocabulary");
        var layers = new LayerPlacement[shape.Layers.Count];
        for (var i = 0; i < layers.Length; i++)
        {
            var layer = shape.Layers[i];
            var groups = new ExpertGroupPlacement[Math.Min(groupsPerLayer, layer.Experts)];
            for (var group = 0; group < groups.Length; group++)
            {
                var first = (int)((long)layer.Experts * group / groups.Length);
                var count = (int)((long)layer.Experts * (group + 1) / groups.Length) - first;
                var host = Take(room, count * layer.ExpertBytes, $"experts {first}..{first + count} of layer {i}");
                groups[group] = new ExpertGroupPlacement(group, first, count, hosts[host].Host);
            }

            layers[i] = new LayerPlacement(i, hosts[center].Host, groups);
        }

        return new PlacementPlan(epoch, hosts[center].Host, hosts[center].Host, layers);
    }

    private static int Take(long[] room, long bytes, string what)
    {
        var host = Array.IndexOf(room, room.Max());
        if (room[host] < bytes)
        {
            throw new InvalidOperationException($"No host has room for {what}: {bytes} bytes, {bytes - room[host]} are missing on the one with most room.");
        }

        room[host] -= bytes;
        return host;
    }
}
