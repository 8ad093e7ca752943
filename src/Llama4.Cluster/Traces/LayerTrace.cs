using System.Runtime.InteropServices;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Traces;

/// <summary>One layer of a <see cref="StepTrace"/>. Made when the layer's attention is enqueued; one caller at a time (a coordinator's scheduler).</summary>
/// <param name="rows">[traced] rows of the step.</param>
/// <param name="start">When the device's queue comes to the layer.</param>
/// <param name="attended">When it has done attention and router; <paramref name="logits"/> are there then.</param>
/// <param name="logits">[traced, experts] F32 of the router; null on a dense layer.</param>
internal sealed class LayerTrace(int layer, HostId host, QueueMarks marks, int[] rows, Task<long> start, Task<long> attended, byte[]? logits)
{
    /// <summary>How many experts are told of.</summary>
    private const int BestMax = 4;

    private readonly Dictionary<int, ExpertRun> _runs = [];

    /// <summary>[traced] the owner that each row was given to.</summary>
    private int[]? _owners;
    private Func<int, int>? _ownerOf;

    private Task<long>? _ended;

    /// <summary>When the queue has done the layer. Of a layer that is enqueued.</summary>
    public Task<long> Ended => _ended!;

    /// <summary>An owner on this host runs its rows.</summary>
    /// <param name="owner">Its number among the layer's owners.</param>
    public LocalRun Local(int owner) => (LocalRun)(_runs[owner] = new LocalRun(host, marks));

    /// <summary>An owner elsewhere runs its rows.</summary>
    /// <inheritdoc cref="Local"/>
    public RemoteRun Remote(int owner) => (RemoteRun)(_runs[owner] = new RemoteRun(marks));

    /// <param name="owners">[rows of the step or more] who runs each.</param>
    public void Assigned(int[] owners) => _owners = Array.ConvertAll(rows, row => owners[row]);

    /// <summary>Nobody chose owners: an expert's is the same for all rows.</summary>
    public void Owned(Func<int, int> ownerOf) => _ownerOf = ownerOf;

    /// <summary>The layer is enqueued.</summary>
    public void End() => _ended = marks.SetAsync();

    /// <summary>Waits for the device, if it has not done the layer yet.</summary>
    /// <returns>[traced].</returns>
    public async Task<TokenHop[]> HopsAsync()
    {
        var (began, chosen, ended) = (await start, await attended, await Ended);
        var attentionUs = Math.Max(0, chosen - began);
        var hops = new TokenHop[rows.Length];
        for (var i = 0; i < hops.Length; i++)
        {
            hops[i] = logits is null
                ? new TokenHop(layer, host, attentionUs, Math.Max(0, ended - chosen), null)
                : new TokenHop(layer, host, attentionUs, 0, await ExpertAsync(i, logits));
        }
        return hops;
    }

    private async Task<ExpertHop> ExpertAsync(int i, byte[] logits)
    {
        var best = BestOf(i, logits);
        var (ranOn, wireUs, expertUs) = await _runs[_owners is { } owners ? owners[i] : _ownerOf!(best[0].Expert)].ResultAsync();
        return new ExpertHop(ranOn, wireUs, expertUs, best);
    }

    private ExpertChoice[] BestOf(int i, byte[] logits)
    {
        var all = MemoryMarshal.Cast<byte, float>(logits);
        var experts = all.Length / rows.Length;
        return Array.ConvertAll(RouterChoices.Best(all.Slice(i * experts, experts), BestMax), one => new ExpertChoice(one.Expert, one.Score, one.Probability));
    }
}
