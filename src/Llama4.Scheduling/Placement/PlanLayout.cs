using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// A plan in the making: owners as indexes of <see cref="Hosts"/>, and the bytes each has so far. Layouts may overfill hosts: the least
/// overfull one says how many bytes are missing.
/// </summary>
internal sealed class PlanLayout
{
    public const int None = -1;
    private readonly bool[,] _buffers;

    /// <param name="request">Its hosts in the order of <paramref name="hosts"/>.</param>
    public PlanLayout(PlacementRequest request, HostCapacity[] hosts)
    {
        Request = request;
        Hosts = hosts;
        Parts = new PartBytes(request.Shape, request.Work);
        Used = new long[hosts.Length];
        ExpertBytes = new long[hosts.Length];
        AttentionReads = new long[hosts.Length];
        _buffers = new bool[hosts.Length, 3];
        Attention = [.. Enumerable.Range(0, request.Replicas).Select(_ => Filled(request.Shape.Layers.Count))];
        Engine = Filled(request.Replicas);
        Vocabulary = Filled(request.Replicas);
        Experts = [.. request.Shape.Layers.Select(layer => layer.Experts > 0 ? new List<ExpertRange> { new(0, layer.Experts, None) } : [])];
    }

    public PlacementRequest Request { get; }

    /// <summary>In the order of their names.</summary>
    public HostCapacity[] Hosts { get; }

    public PartBytes Parts { get; }

    /// <summary>[replica][layer]</summary>
    public int[][] Attention { get; }

    public int[] Engine { get; }

    public int[] Vocabulary { get; }

    /// <summary>Of every layer, in the order of its experts, each once.</summary>
    public List<ExpertRange>[] Experts { get; }

    /// <summary>Bytes of each host, buffers included.</summary>
    public long[] Used { get; }

    /// <summary>Bytes of experts that each host owns, standbys not counted.</summary>
    public long[] ExpertBytes { get; }

    /// <summary>Bytes of attention weights, keys, values and output matrix that each host reads in a step at most.</summary>
    public long[] AttentionReads { get; }

    public long Room(int host) => Hosts[host].Bytes - Used[host];

    public bool HasAttention(int host) => AttentionReads[host] > 0;

    public void GiveAttention(int replica, int layer, int host)
    {
        Attention[replica][layer] = host;
        Used[host] += Parts.Attention(layer) + Buffer(host, 0, Parts.AttentionBuffers);
        AttentionReads[host] += Parts.Attention(layer);
    }

    public void GiveVocabulary(int replica, int host)
    {
        Vocabulary[replica] = host;
        Used[host] += Parts.Vocabulary + Buffer(host, 1, Parts.VocabularyBuffers);
        AttentionReads[host] += Request.Shape.OutputBytes;
    }

    /// <summary>Counts experts as owned by a host; the caller keeps <see cref="Experts"/>.</summary>
    public void GiveExperts(int layer, int count, int host)
    {
        Used[host] += Parts.Experts(layer, count) + Buffer(host, 2, Parts.ExpertBuffers);
        ExpertBytes[host] += Parts.Experts(layer, count);
    }

    public void TakeExperts(int layer, int count, int host)
    {
        Used[host] -= Parts.Experts(layer, count);
        ExpertBytes[host] -= Parts.Experts(layer, count);
    }

    public void GiveStandby(int layer, ExpertRange range, int host)
    {
        range.Standbys.Add(host);
        Used[host] += Parts.Experts(layer, range.Count) + Buffer(host, 2, Parts.ExpertBuffers);
    }

    /// <summary>What the next layer's experts would need besides themselves.</summary>
    public long ExpertBuffersOf(int host) => _buffers[host, 2] ? 0 : Parts.ExpertBuffers;

    /// <summary>Bytes over all hosts' limits.</summary>
    public long Overflow => Enumerable.Range(0, Hosts.Length).Sum(host => Math.Max(0, -Room(host)));

    public PlacementPlan ToPlan()
    {
        var replicas = new ReplicaPlacement[Attention.Length];
        for (var replica = 0; replica < replicas.Length; replica++)
        {
            HostId[] owners = [.. Attention[replica].Select(Id)];
            replicas[replica] = new ReplicaPlacement(replica, Id(Engine[replica]), Id(Vocabulary[replica]), StagePlacement.Runs(owners));
        }

        var layers = Experts.Select((ranges, layer) => new LayerPlacement(layer, Id(Attention[0][layer]), Groups(ranges)));
        return new PlacementPlan(Request.Epoch, replicas[0].Engine, replicas[0].Vocabulary, [.. layers])
        {
            Replicas = replicas,
            Hosts = [.. Hosts.Select(host => host.Host)],
        };
    }

    private ExpertGroupPlacement[] Groups(List<ExpertRange> ranges) =>
    [
        .. ranges.OrderBy(range => range.Group).Select(range =>
            new ExpertGroupPlacement(range.Group, range.First, range.Count, Id(range.Host)) { Standbys = [.. range.Standbys.Select(Id)] }),
    ];

    private HostId Id(int host) => Hosts[host].Host;

    private long Buffer(int host, int kind, long bytes)
    {
        if (_buffers[host, kind])
        {
            return 0;
        }

        _buffers[host, kind] = true;
        return bytes;
    }

    private static int[] Filled(int length)
    {
        var owners = new int[length];
        Array.Fill(owners, None);
        return owners;
    }
}

/// <summary>Consecutive experts of a layer on one host, or on none yet.</summary>
internal sealed class ExpertRange(int first, int count, int host, int group = PlanLayout.None)
{
    public int First { get; set; } = first;

    public int Count { get; set; } = count;

    public int Host { get; set; } = host;

    /// <summary>Its number in the layer; <see cref="PlanLayout.None"/> until it has one.</summary>
    public int Group { get; set; } = group;

    /// <summary>In a layout made from an earlier plan, until standbys are planned: those of the earlier plan that are still there.</summary>
    public List<int> Standbys { get; set; } = [];

    public int End => First + Count;
}
