using Llama4.Cluster.Spans;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Traces;

/// <summary>One layer of a <see cref="StepTrace"/>. Made when the layer's attention is enqueued; one caller at a time (a coordinator's scheduler).</summary>
/// <param name="rows">[traced] rows of the step.</param>
/// <param name="start">Stamp of when the queue comes to the layer.</param>
/// <param name="isMoe">Has a router and experts.</param>
/// <param name="spans">[traced] of the rows that are followed in full depth, null for others; null where none is.</param>
/// <param name="requests">The step in the trace of each sampled request in it.</param>
internal sealed class LayerTrace(int layer, HostId host, StepStamps stamps, int[] rows, int start, bool isMoe, LayerSpans?[]? spans, SpanParent[] requests)
{
    /// <summary>How many experts are told of.</summary>
    private const int BestMax = 4;

    private readonly int _start = start;
    private readonly int _attended = Set(stamps);

    /// <summary>By owner.</summary>
    private readonly Dictionary<int, ExpertRun> _runs = [];

    /// <summary>[traced] the owner that each row was given to.</summary>
    private int[]? _owners;
    private Func<int, int>? _ownerOf;

    /// <summary>[owners] how many of the step's rows each was given; where rows are followed in full depth.</summary>
    private Dictionary<int, int>? _shares;

    /// <summary>Stamps that a layer needs at most.</summary>
    public static int StampsMax(int owners) => 2 + (2 * owners);

    /// <summary>Stamp of when the queue has done the layer; of a layer that is enqueued.</summary>
    public int Ended { get; private set; } = -1;

    /// <summary>An owner on this host runs its rows.</summary>
    /// <param name="owner">Its number among the layer's owners.</param>
    public LocalRun Local(int owner) => (LocalRun)(_runs[owner] = new LocalRun(host, stamps));

    /// <summary>An owner elsewhere runs its rows.</summary>
    /// <inheritdoc cref="Local"/>
    public RemoteRun Remote(int owner) => (RemoteRun)(_runs[owner] = new RemoteRun(SpansOf(owner)));

    /// <param name="owners">[rows of the step] who runs each.</param>
    public void Assigned(ReadOnlySpan<int> owners)
    {
        _owners = new int[rows.Length];
        for (var i = 0; i < rows.Length; i++)
            _owners[i] = owners[rows[i]];
        if (spans is null)
            return;
        _shares = [];
        foreach (var owner in owners)
            _shares[owner] = _shares.GetValueOrDefault(owner) + 1;
    }

    /// <summary>Nobody chose owners: an expert's is the same for all rows.</summary>
    public void Owned(Func<int, int> ownerOf) => _ownerOf = ownerOf;

    /// <summary>The layer is enqueued.</summary>
    public void End() => Ended = Set(stamps);

    /// <summary>Of one row, once the stamps are read.</summary>
    /// <param name="traced">Its number among the traced.</param>
    /// <param name="logits">[experts] of its router; of no meaning on a dense layer.</param>
    public TokenHop Hop(int traced, ReadOnlySpan<float> logits)
    {
        var attentionUs = stamps.Between(_start, _attended);
        var layerUs = stamps.Between(_attended, Ended);
        return new TokenHop(layer, host, attentionUs, isMoe ? 0 : layerUs, isMoe ? Expert(traced, logits) : null) { LayerUs = layerUs };
    }

    /// <summary>Ends the spans of one row, once the stamps are read; nothing for a row that has none.</summary>
    /// <param name="choices">[rows of the step] the experts that its router chose; of no meaning on a dense layer.</param>
    /// <inheritdoc cref="Hop"/>
    public void EndSpans(int traced, ReadOnlySpan<float> logits, ReadOnlySpan<int> choices)
    {
        if (spans?[traced] is not { } own)
            return;
        var hop = Hop(traced, logits);
        var (merged, sameExpert) = (0, 0);
        (DateTime, DateTime)? local = null;
        if (hop.Expert is { } expert)
        {
            sameExpert = choices.Count(expert.Best[0].Expert);
            var owner = OwnerOf(traced, expert.Best[0].Expert);
            merged = _runs[owner] is RemoteRun remote ? remote.Merged : ShareOf(owner, choices);
            local = (_runs[owner] as LocalRun)?.Times;
        }
        own.End(hop, stamps.At(_start), stamps.At(_attended), stamps.At(Ended), local, choices.Length, sameExpert, merged);
    }

    private int ShareOf(int owner, ReadOnlySpan<int> choices)
    {
        if (_shares is { } shares)
            return shares.GetValueOrDefault(owner);
        var share = 0;
        foreach (var choice in choices)
            share += _ownerOf!(choice) == owner ? 1 : 0;
        return share;
    }

    /// <summary>What an owner elsewhere is told of its rows.</summary>
    private QuestionSpans? SpansOf(int owner)
    {
        if (spans is null)
            return null;
        SpanParent[] parents = [.. Enumerable.Range(0, rows.Length).Where(i => _owners![i] == owner).Select(i => spans[i]?.Experts).OfType<SpanParent>()];
        return parents.Length == 0 ? null : new QuestionSpans(parents, requests);
    }

    private int OwnerOf(int traced, int expert) => _owners is { } owners ? owners[traced] : _ownerOf!(expert);

    private ExpertHop Expert(int traced, ReadOnlySpan<float> logits)
    {
        var best = Array.ConvertAll(RouterChoices.Best(logits, BestMax), one => new ExpertChoice(one.Expert, one.Score, one.Probability));
        var (ranOn, wireUs, expertUs) = _runs[OwnerOf(traced, best[0].Expert)].Result;
        return new ExpertHop(ranOn, wireUs, expertUs, best);
    }

    private static int Set(StepStamps stamps)
    {
        var stamp = stamps.Reserve();
        stamps.Set(stamp);
        return stamp;
    }
}
