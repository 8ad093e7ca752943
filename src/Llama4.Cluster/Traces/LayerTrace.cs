using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Traces;

/// <summary>One layer of a <see cref="StepTrace"/>. Made when the layer's attention is enqueued; one caller at a time (a coordinator's scheduler).</summary>
/// <param name="rows">[traced] rows of the step.</param>
/// <param name="start">Stamp of when the queue comes to the layer.</param>
/// <param name="isMoe">Has a router and experts.</param>
internal sealed class LayerTrace(int layer, HostId host, StepStamps stamps, int[] rows, int start, bool isMoe)
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

    /// <summary>Stamps that a layer needs at most.</summary>
    public static int StampsMax(int owners) => 2 + (2 * owners);

    /// <summary>Stamp of when the queue has done the layer; of a layer that is enqueued.</summary>
    public int Ended { get; private set; } = -1;

    /// <summary>An owner on this host runs its rows.</summary>
    /// <param name="owner">Its number among the layer's owners.</param>
    public LocalRun Local(int owner) => (LocalRun)(_runs[owner] = new LocalRun(host, stamps));

    /// <summary>An owner elsewhere runs its rows.</summary>
    /// <inheritdoc cref="Local"/>
    public RemoteRun Remote(int owner) => (RemoteRun)(_runs[owner] = new RemoteRun());

    /// <param name="owners">[rows of the step or more] who runs each.</param>
    public void Assigned(int[] owners) => _owners = Array.ConvertAll(rows, row => owners[row]);

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

    private ExpertHop Expert(int traced, ReadOnlySpan<float> logits)
    {
        var best = Array.ConvertAll(RouterChoices.Best(logits, BestMax), one => new ExpertChoice(one.Expert, one.Score, one.Probability));
        var (ranOn, wireUs, expertUs) = _runs[_owners is { } owners ? owners[traced] : _ownerOf!(best[0].Expert)].Result;
        return new ExpertHop(ranOn, wireUs, expertUs, best);
    }

    private static int Set(StepStamps stamps)
    {
        var stamp = stamps.Reserve();
        stamps.Set(stamp);
        return stamp;
    }
}
