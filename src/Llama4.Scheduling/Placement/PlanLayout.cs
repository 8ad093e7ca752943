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

    /// <summary>[host, layer] and [host]: weights that are counted already; another replica uses the same.</summary>
    private readonly bool[,] _layers;
    private readonly bool[] _vocabularies;

    /// <param name="request">Its hosts in the order of <paramref name="hosts"/>.</param>
    public PlanLayout(PlacementRequest request, HostCapacity[] hosts)
    {
        Request = request;
        Hosts = hosts;
        Parts = new PartBytes(request.Shape, request.Work);
        Work = request.Rates is { } rates ? new MeasuredWork([.. request.Shape.Layers.Select(layer => layer.Experts)], rates) : null;
        Used = new long[hosts.Length];
        ExpertBytes = new long[hosts.Length];
        AttentionReads = new long[hosts.Length];
        _buffers = new bool[hosts.Length, 3];
        _layers = new bool[hosts.Length, request.Shape.Layers.Count];
        _vocabularies = new bool[hosts.Length];
        Loaded = [.. hosts.Select(host => request.Previous is { } previous ? PlanParts.Of(previous, host.Host) : new PlanParts(new HashSet<int>(), new HashSet<(int, int)>(), false))];
        Attention = [.. Enumerable.Range(0, request.Replicas).Select(_ => Filled(request.Shape.Layers.Count))];
        AttentionStandbys = [.. Attention.Select(layers => layers.Select(_ => new List<int>()).ToArray())];
        VocabularyStandbys = [.. Attention.Select(_ => new List<int>())];
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

    /// <summary>[replica][layer], the same ones in all layers of a stage.</summary>
    public List<int>[][] AttentionStandbys { get; }

    public int[] Engine { get; }

    public int[] Vocabulary { get; }

    /// <summary>[replica]</summary>
    public List<int>[] VocabularyStandbys { get; }

    /// <summary>Of every layer, in the order of its experts, each once.</summary>
    public List<ExpertRange>[] Experts { get; }

    /// <summary>Null where nothing was measured.</summary>
    public MeasuredWork? Work { get; }

    /// <summary>[host] by the plan in force.</summary>
    public PlanParts[] Loaded { get; }

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
        Used[host] += Parts.Kv(layer) + HoldLayer(host, layer) + Buffer(host, 0, Parts.AttentionBuffers);
        AttentionReads[host] += Parts.Attention(layer);
    }

    /// <summary>What layers of attention would take on a host besides what it has: as standby the weights alone.</summary>
    public long AttentionNeeds(int host, IEnumerable<int> layers, bool asStandby)
    {
        var bytes = asStandby || _buffers[host, 0] ? 0 : Parts.AttentionBuffers;
        foreach (var layer in layers)
        {
            bytes += (_layers[host, layer] ? 0 : Parts.AttentionWeights(layer)) + (asStandby ? 0 : Parts.Kv(layer));
        }

        return bytes;
    }

    public void GiveAttentionStandby(int replica, int layer, int host)
    {
        AttentionStandbys[replica][layer].Add(host);
        Used[host] += HoldLayer(host, layer);
    }

    public void GiveVocabulary(int replica, int host)
    {
        Vocabulary[replica] = host;
        Used[host] += HoldVocabulary(host) + Buffer(host, 1, Parts.VocabularyBuffers);
        AttentionReads[host] += Request.Shape.OutputBytes;
    }

    public long VocabularyNeeds(int host) => _vocabularies[host] ? 0 : Parts.Vocabulary;

    public void GiveVocabularyStandby(int replica, int host)
    {
        VocabularyStandbys[replica].Add(host);
        Used[host] += HoldVocabulary(host);
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

    /// <summary>The range's host shares one of its experts with another, which may have it as a standby already.</summary>
    public void GiveSecondOwner(int layer, ExpertRange range, int expert, int host)
    {
        Used[host] += SecondOwnerNeeds(layer, range, host) + Buffer(host, 2, Parts.ExpertBuffers);
        range.Hot.Add((expert, host));
    }

    /// <summary>Bytes of a host's copy of one of the range's experts.</summary>
    public long SecondOwnerNeeds(int layer, ExpertRange range, int host) => range.Standbys.Contains(host) ? 0 : Parts.Experts(layer, 1);

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
            var stages = StagePlacement.Runs(owners).Select(stage => stage with { Standbys = [.. AttentionStandbys[replica][stage.FirstLayer].Select(Id)] });
            replicas[replica] = new ReplicaPlacement(replica, Id(Engine[replica]), Id(Vocabulary[replica]), [.. stages])
            {
                VocabularyStandbys = [.. VocabularyStandbys[replica].Select(Id)],
            };
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
            new ExpertGroupPlacement(range.Group, range.First, range.Count, Id(range.Host))
            {
                Standbys = [.. range.Standbys.Select(Id)],
                Hot = [.. range.Hot.OrderBy(hot => hot.Expert).Select(hot => new HotExpert(hot.Expert, Id(hot.SecondOwner)))],
            }),
    ];

    private HostId Id(int host) => Hosts[host].Host;

    private long HoldLayer(int host, int layer)
    {
        var bytes = _layers[host, layer] ? 0 : Parts.AttentionWeights(layer);
        _layers[host, layer] = true;
        return bytes;
    }

    private long HoldVocabulary(int host)
    {
        var bytes = VocabularyNeeds(host);
        _vocabularies[host] = true;
        return bytes;
    }

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

    /// <summary>Planned when all else is.</summary>
    public List<(int Expert, int SecondOwner)> Hot { get; } = [];

    public int End => First + Count;
}
