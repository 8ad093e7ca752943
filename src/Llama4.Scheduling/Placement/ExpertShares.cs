namespace Llama4.Scheduling;

/// <summary>
/// How many bytes of experts each host should own: as many as let all hosts, with what they read for attention, be done at the same time,
/// and no more than they have room for.
/// </summary>
internal static class ExpertShares
{
    /// <param name="hosts">That may own experts; none of the others gets a share.</param>
    /// <returns>Bytes of each of the layout's hosts; their sum is all experts, also where that is more than fits.</returns>
    public static double[] Of(PlanLayout layout, IReadOnlyCollection<int> hosts)
    {
        var shape = layout.Request.Shape;
        double total = shape.Layers.Sum(layer => layer.Experts * layer.ExpertBytes);
        var shares = new double[layout.Hosts.Length];
        var room = new double[layout.Hosts.Length];
        foreach (var host in hosts)
        {
            // The room for the owners alone: standbys take as much again for each.
            room[host] = Math.Max(0, layout.Room(host) - layout.ExpertBuffersOf(host) + layout.ExpertBytes[host]) / (1.0 + layout.Request.Standbys);
        }

        var all = room.Sum();
        if (all <= total)
        {
            foreach (var host in hosts)
            {
                shares[host] = all > 0 ? total * room[host] / all : total / hosts.Count;
            }

            return shares;
        }

        double low = 0, high = hosts.Max(host => (layout.AttentionReads[host] + total + room[host]) / layout.Hosts[host].Speed.ReadBytesPerS);
        for (var i = 0; i < 64; i++)
        {
            var seconds = (low + high) / 2;
            (low, high) = hosts.Sum(host => Within(host, seconds)) < total ? (seconds, high) : (low, seconds);
        }

        foreach (var host in hosts)
        {
            shares[host] = Within(host, high);
        }

        return shares;

        double Within(int host, double seconds) =>
            Math.Clamp((seconds * layout.Hosts[host].Speed.ReadBytesPerS) - layout.AttentionReads[host], 0, room[host]);
    }
}
