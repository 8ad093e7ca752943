using Llama4.Cluster.Hosting;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Traces;

/// <summary>
/// The paths of a step's marked rows through one stage: what their routers saw and when the device was done with what. All of it is enqueued beside the step, which
/// neither waits for it nor computes anything else than without (docs/decisions/live.md).
/// </summary>
internal sealed class StepTrace : IDisposable
{
    private readonly ModelHost _host;
    private readonly QueueMarks _marks;

    /// <summary>[traced] among the step's draws, and among its rows.</summary>
    private readonly int[] _draws;
    private readonly int[] _rows;
    private readonly Tensor _indexes;
    private readonly List<LayerTrace> _layers = [];

    /// <summary>When the device's queue comes to the next layer.</summary>
    private Task<long>? _next;

    private StepTrace(int[] draws, int[] rows, ModelHost host, TimeProvider clock)
    {
        (_draws, _rows, _host, _marks) = (draws, rows, host, new QueueMarks(host.Device, clock));
        _indexes = host.Device.Rent(DType.I32, rows.Length, 1);
        host.Device.Upload<int>(rows, _indexes);
    }

    /// <summary>Null for a step without marked rows.</summary>
    public static StepTrace? Of(StepPlan step, TokenDraw[] draws, ModelHost host, TimeProvider clock)
    {
        if (!Array.Exists(draws, draw => draw.Trace))
            return null;
        int[] marked = [.. Enumerable.Range(0, draws.Length).Where(i => draws[i].Trace)];
        return new StepTrace(marked, Array.ConvertAll(marked, i => step.LogitRows[i]), host, clock);
    }

    /// <summary>The stage has its rows.</summary>
    public void Start() => _next = _marks.SetAsync();

    /// <summary>A layer's attention is enqueued, and on layers with experts its router.</summary>
    /// <param name="routing">Null on a dense layer.</param>
    public LayerTrace Attended(int layer, RouterOutput? routing)
    {
        byte[]? logits = null;
        Task<long> attended;
        if (routing is null)
        {
            attended = _marks.SetAsync();
        }
        else
        {
            using var own = _host.Device.Rent(DType.F32, _rows.Length, routing.Logits.Width);
            _host.Device.GatherRows(routing.Logits, _indexes, own);
            logits = new byte[own.Bytes];
            attended = _marks.ReadAsync(own, logits);
        }
        var trace = new LayerTrace(layer, _host.Id, _marks, _rows, _layers.Count == 0 ? _next! : _layers[^1].Ended, attended, logits);
        _layers.Add(trace);
        return trace;
    }

    /// <summary>Puts this stage's layers before those that the tokens have been through since.</summary>
    /// <param name="drawn">[step.LogitRows].</param>
    public async ValueTask<DrawnToken[]> AddAsync(DrawnToken[] drawn)
    {
        var hops = await Task.WhenAll(_layers.Select(layer => layer.HopsAsync()));
        for (var i = 0; i < _draws.Length; i++)
        {
            var token = drawn[_draws[i]];
            drawn[_draws[i]] = token with { Path = [.. hops.Select(layer => layer[i]), .. token.Path ?? []] };
        }
        return drawn;
    }

    public void Dispose() => _indexes.Dispose();
}
