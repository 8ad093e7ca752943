using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>Gives a new plan's replicas their stages, vocabularies and engines.</summary>
internal static class StagePlanner
{
    /// <summary>Places attention of every replica on chains of hosts.</summary>
    /// <param name="stages">Hosts of a chain; fewer are used where the last would have no layer.</param>
    public static void Place(PlanLayout layout, int stages)
    {
        var ranked = Ranked(layout.Hosts);
        for (var replica = 0; replica < layout.Request.Replicas; replica++)
        {
            var first = replica * stages;
            int[] chain = [.. Enumerable.Range(first, stages).Select(i => ranked[i % ranked.Length])
                .OrderBy(host => layout.Hosts[host].Zone, StringComparer.Ordinal).ThenBy(host => host)];
            PlaceVocabulary(layout, replica, chain[0]);
            PlaceLayers(layout, replica, chain);
            PlaceEngine(layout, replica);
        }
    }

    /// <summary>Hosts that may have attention: those that may not have experts first, then the fastest, then the largest.</summary>
    public static int[] Ranked(HostCapacity[] hosts) =>
    [
        .. Enumerable.Range(0, hosts.Length).Where(i => hosts[i].May(HostRoles.Attention))
            .OrderBy(i => hosts[i].May(HostRoles.Experts))
            .ThenByDescending(i => hosts[i].Speed.ReadBytesPerS)
            .ThenByDescending(i => hosts[i].Bytes)
            .ThenBy(i => i),
    ];

    /// <summary>On a host that has it loaded, or is for this alone; else with the first stage, whose rows it embeds; else where there is most room.</summary>
    public static void PlaceVocabulary(PlanLayout layout, int replica, int firstStage)
    {
        var host = Enumerable.Range(0, layout.Hosts.Length)
            .Where(i => layout.Hosts[i].May(HostRoles.Vocabulary))
            .OrderBy(i => layout.Room(i) < layout.VocabularyNeeds(i) + layout.Parts.VocabularyBuffers)
            .ThenBy(i => !layout.Loaded[i].Vocabulary)
            .ThenBy(i => layout.Hosts[i].May(HostRoles.Attention | HostRoles.Experts))
            .ThenBy(i => i != firstStage)
            .ThenByDescending(layout.Room)
            .ThenBy(i => i)
            .First();
        layout.GiveVocabulary(replica, host);
    }

    /// <summary>With the first stage, where it may; else with the vocabulary, else on the first host that may.</summary>
    public static void PlaceEngine(PlanLayout layout, int replica) =>
        layout.Engine[replica] = Enumerable.Range(0, layout.Hosts.Length)
            .Where(i => layout.Hosts[i].May(HostRoles.Engine))
            .OrderBy(i => i != layout.Attention[replica][0])
            .ThenBy(i => i != layout.Vocabulary[replica])
            .ThenBy(i => i)
            .First();

    /// <summary>
    /// Cuts the layers into runs so that the slowest host's time is least: for a given time and share of memory, filling one host after
    /// the other is best, and the least time is found by bisection.
    /// </summary>
    private static void PlaceLayers(PlanLayout layout, int replica, int[] chain)
    {
        var parts = layout.Parts;
        long[] bytes = [.. Enumerable.Range(0, layout.Request.Shape.Layers.Count).Select(parts.Attention)];
        long[] room = [.. chain.Select(host => layout.Room(host) - parts.AttentionBuffers)];
        double[] before = [.. chain.Select(host => (double)layout.AttentionReads[host])];
        double[] speeds = [.. chain.Select(host => layout.Hosts[host].Speed.ReadBytesPerS)];

        // Memory comes first; where it is too little everybody lacks alike.
        var total = bytes.Sum();
        var lacking = Least(extra => Fill(bytes, i => Math.Max(0, room[i]) + (extra * total), chain.Length) is not null);
        long Memory(int i) => (long)Math.Max(0, room[i]) + (long)Math.Ceiling(lacking * total);
        var slowest = (before.Max() + total) * 1.000001 / speeds.Min(); // all of it on the slowest, and what rounding takes
        var time = Least(share => Fill(bytes, i => Math.Min(Memory(i), (share * slowest * speeds[i]) - before[i]), chain.Length) is not null);
        var ends = Fill(bytes, i => Math.Min(Memory(i), (time * slowest * speeds[i]) - before[i]), chain.Length)!;
        for (int i = 0, layer = 0; i < chain.Length; i++)
        {
            for (; layer < ends[i]; layer++)
            {
                layout.GiveAttention(replica, layer, chain[i]);
            }
        }
    }

    /// <summary>End of each host's run when each takes what its limit allows; null when layers are left over.</summary>
    private static int[]? Fill(long[] bytes, Func<int, double> limit, int hosts)
    {
        var ends = new int[hosts];
        var layer = 0;
        for (var i = 0; i < hosts; i++)
        {
            var left = limit(i);
            while (layer < bytes.Length && bytes[layer] <= left)
            {
                left -= bytes[layer++];
            }

            ends[i] = layer;
        }

        return layer == bytes.Length ? ends : null;
    }

    /// <summary>The least number of 0 to 1 that is enough, to a millionth, where 1 always is.</summary>
    private static double Least(Func<double, bool> enough)
    {
        if (enough(0))
        {
            return 0;
        }

        double low = 0, high = 1;
        while (high - low > 1e-6)
        {
            var middle = (low + high) / 2;
            (low, high) = enough(middle) ? (low, middle) : (middle, high);
        }

        return high;
    }
}
