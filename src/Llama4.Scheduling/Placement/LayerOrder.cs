namespace Llama4.Scheduling;

/// <summary>
/// The order in which hosts stand side by side in a layer. Another in every layer, so that the neighbours who take over when a host
/// leaves are different ones in each; and zones alternate, so that a neighbour is a standby in another zone.
/// </summary>
internal static class LayerOrder
{
    /// <summary>Rank of each host in the layer.</summary>
    public static int[] Ranks(HostCapacity[] hosts, int layer)
    {
        var inZone = hosts
            .Select((host, index) => (index, host.Zone, hash: Hash(host.Host.Name, layer)))
            .GroupBy(host => host.Zone, StringComparer.Ordinal)
            .OrderBy(zone => Hash(zone.Key, layer)).ThenBy(zone => zone.Key, StringComparer.Ordinal)
            .SelectMany((zone, place) => zone.OrderBy(host => host.hash).ThenBy(host => host.index).Select((host, nth) => (nth, place, host.index)));
        var ranks = new int[hosts.Length];
        var rank = 0;
        foreach (var (_, _, index) in inZone.OrderBy(host => host.nth).ThenBy(host => host.place))
        {
            ranks[index] = rank++;
        }

        return ranks;
    }

    /// <summary>FNV-1a with a final mix: the same on every machine, and of a name alone, so that hosts that come and go change nobody else's.</summary>
    private static uint Hash(string name, int layer)
    {
        var hash = (2166136261u ^ (uint)layer) * 16777619u;
        foreach (var letter in name)
        {
            hash = (hash ^ letter) * 16777619u;
        }

        hash = (hash ^ (hash >> 16)) * 0x85ebca6bu;
        hash = (hash ^ (hash >> 13)) * 0xc2b2ae35u;
        return hash ^ (hash >> 16);
    }
}
