using Llama4.Cluster.Spans;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Traces;

/// <summary>One layer of a <see cref="StepTrace"/>. Made when the layer's attention is enqueued; one caller at a time (a coordinator's scheduler).</summary>
/// <param name="rows">[traced] rows of the step.</param>
/// <param name="start">Stamp of when the queue comes to the layer.</param>
/// <param name="isMoe">Has a router and experts.</param>
/// <param name="spans">[traced] of the rows that are followed in full depth, null for others; null where none is.</param>
internal sealed class LayerTrace(int layer, HostId host, StepStamps stamps, int[] rows, int start, bool isMoe, LayerSpans?[]? spans, StepPlan step)
{
    /// <summary>How many experts are told of.</summary>
    private const int BestMax = 4;

    private readonly int _start = start;
    private readonly int _attended = Set(stamps);

    /// <summary>By owner.</summary>
    private readonly Dictionary<int, ExpertRun> _runs = [];

    /// <summary>[rows of the step] the owner that each was given to; null where it follows from the expert.</summary>
    private int[]? _owners;
    private Func<int, int>? _ownerOf;

    /// <summary>Stamps that a layer needs at most.</summary>
    public static int StampsMax(int owners) => 2 + (2 * owners);

    /// <summary>Stamp of when the queue has done the layer; of a layer that is enqueued.</summary>
    public int Ended { get; private set; } = -1;

    /// <summary>An owner on this host runs its rows.</summary>
    /// <param name="owner">Its number among the layer's owners.</param>
    public LocalRun Local(int owner) => (LocalRun)(_runs[owner] = new LocalRun(host, stamps));

    /// <summary>An owner elsewhere runs its rows.</summary>
    /// <param name="requests">The step in the trace of each sampled request with rows there.</param>
    /// <inheritdoc cref="Local"/>
    public RemoteRun Remote(int owner, SpanParent[] requests)
    {
        SpanParent[] parents = [.. Enumerable.Range(0, rows.Length).Where(i => _owners![rows[i]] == owner).Select(i => spans?[i]?.Experts).OfType<SpanParent>()];
        var run = new RemoteRun(parents.Length + requests.Length == 0 ? null : new QuestionSpans(parents, requests));
        _runs[owner] = run;
        return run;
    }

    /// <param name="owners">[rows of the step] who runs each.</param>
    public void Assigned(ReadOnlySpan<int> owners) => _owners = owners.ToArray();

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
        LocalBatch? local = null;
        if (hop.Expert is { } expert)
        {
            sameExpert = choices.Count(expert.Best[0].Expert);
            var owner = OwnerOf(rows[traced], expert.Best[0].Expert);
            int[] batch = _runs[owner] is LocalRun ? RowsOf(owner, choices) : [];
            merged = (_runs[owner] as RemoteRun)?.Merged ?? batch.Length;
            local = (_runs[owner] as LocalRun)?.Batch(StepRequests.Among(step, batch));
        }
        own.End(hop, stamps.At(_start), stamps.At(_attended), stamps.At(Ended), local, choices.Length, sameExpert, merged);
    }

    /// <summary>Ends the spans that have not ended: the step failed.</summary>
    public void GiveUp()
    {
        foreach (var own in spans ?? [])
            own?.GiveUp(layer, host);
    }

    /// <summary>Ascending rows of the step: those that an owner was given.</summary>
    private int[] RowsOf(int owner, ReadOnlySpan<int> choices)
    {
        var found = new List<int>(choices.Length);
        for (var row = 0; row < choices.Length; row++)
        {
            if (OwnerOf(row, choices[row]) == owner)
                found.Add(row);
        }
        return [.. found];
    }

    /// <param name="row">Of the step.</param>
    private int OwnerOf(int row, int expert) => _owners is { } owners ? owners[row] : _ownerOf!(expert);

    private ExpertHop Expert(int traced, ReadOnlySpan<float> logits)
    {
        var best = Array.ConvertAll(RouterChoices.Best(logits, BestMax), one => new ExpertChoice(one.Expert, one.Score, one.Probability));
        var (ranOn, wireUs, expertUs) = _runs[OwnerOf(rows[traced], best[0].Expert)].Result;
        return new ExpertHop(ranOn, wireUs, expertUs, best);
    }

    private static int Set(StepStamps stamps)
    {
        var stamp = stamps.Reserve();
        stamps.Set(stamp);
        return stamp;
    }
}
