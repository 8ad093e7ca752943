using System.Runtime.InteropServices;
using Llama4.Cluster.Hosting;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Traces;

/// <summary>
/// The paths of a step's marked rows through one stage: what their routers saw and when the device was done with what. All of it is enqueued beside the step, which
/// computes nothing else than without, and read back at the stage's end (docs/decisions/live.md).
/// </summary>
internal sealed class StepTrace : IDisposable
{
    private readonly ModelHost _host;

    /// <summary>[traced] among the step's draws, and among its rows.</summary>
    private readonly int[] _draws;
    private readonly int[] _rows;
    private readonly Tensor _indexes;
    private readonly StepStamps _stamps;
    private readonly List<LayerTrace> _layers = [];

    /// <summary>[layers * traced, experts] F32; rows of dense layers stay as they were.</summary>
    private readonly Tensor _logits;
    private readonly byte[] _readLogits;
    private int _start;
    private Task? _reading;

    private StepTrace(int[] draws, int[] rows, ModelHost host, ExpertDispatch[] layers)
    {
        (_draws, _rows, _host) = (draws, rows, host);
        _indexes = host.Device.Rent(DType.I32, rows.Length, 1);
        host.Device.Upload<int>(rows, _indexes);
        _stamps = new StepStamps(host.Device, 1 + layers.Sum(layer => LayerTrace.StampsMax(layer.Owners)));
        _logits = host.Device.Rent(DType.F32, layers.Length * rows.Length, Math.Max(1, host.Config.Experts));
        _readLogits = new byte[_logits.Bytes];
    }

    /// <summary>Null for a step without marked rows.</summary>
    /// <param name="layers">Of the stage.</param>
    public static StepTrace? Of(StepPlan step, TokenDraw[] draws, ModelHost host, ExpertDispatch[] layers)
    {
        if (!Array.Exists(draws, draw => draw.Trace))
            return null;
        int[] marked = [.. Enumerable.Range(0, draws.Length).Where(i => draws[i].Trace)];
        return new StepTrace(marked, Array.ConvertAll(marked, i => step.LogitRows[i]), host, layers);
    }

    /// <summary>The stage has its rows.</summary>
    public void Start() => _stamps.Set(_start = _stamps.Reserve());

    /// <summary>A layer's attention is enqueued, and on layers with experts its router.</summary>
    /// <param name="routing">Null on a dense layer.</param>
    public LayerTrace Attended(int layer, RouterOutput? routing)
    {
        if (routing is not null)
        {
            using var own = _host.Device.View(_logits, _layers.Count * _rows.Length, _rows.Length);
            _host.Device.GatherRows(routing.Logits, _indexes, own);
        }
        var trace = new LayerTrace(layer, _host.Id, _stamps, _rows, _layers.Count == 0 ? _start : _layers[^1].Ended, isMoe: routing is not null);
        _layers.Add(trace);
        return trace;
    }

    /// <summary>The stage is enqueued.</summary>
    public void End() => _reading = Task.WhenAll(_stamps.ReadAsync(), _host.Device.DownloadAsync(_logits, _readLogits).AsTask());

    /// <summary>Puts this stage's layers before those that the tokens have been through since.</summary>
    /// <param name="drawn">[step.LogitRows].</param>
    public async ValueTask<DrawnToken[]> AddAsync(DrawnToken[] drawn)
    {
        await _reading!;
        for (var i = 0; i < _draws.Length; i++)
        {
            var token = drawn[_draws[i]];
            drawn[_draws[i]] = token with { Path = [.. Hops(i), .. token.Path ?? []] };
        }
        return drawn;
    }

    public void Dispose()
    {
        _indexes.Dispose();
        _stamps.Dispose();
        _logits.Dispose();
    }

    private TokenHop[] Hops(int traced)
    {
        var logits = MemoryMarshal.Cast<byte, float>(_readLogits);
        var experts = logits.Length / (_layers.Count * _rows.Length);
        var hops = new TokenHop[_layers.Count];
        for (var layer = 0; layer < hops.Length; layer++)
            hops[layer] = _layers[layer].Hop(traced, logits.Slice(((layer * _rows.Length) + traced) * experts, experts));
        return hops;
    }
}
