using System.Runtime.InteropServices;
using Llama4.Cluster.Hosting;
using Llama4.Cluster.Spans;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Traces;

/// <summary>
/// The paths of a step's marked rows through one stage: what their routers saw and when the device was done with what. All of it is enqueued beside the step, which
/// computes nothing else than without, and read back at the stage's end (docs/decisions/live.md). Rows that are followed in full depth become spans of it (docs/decisions/traces.md).
/// </summary>
internal sealed class StepTrace : IDisposable
{
    private readonly ModelHost _host;

    /// <summary>[traced] among the step's draws, and among its rows; what the layers' spans are below, null where none are asked for.</summary>
    private readonly int[] _draws;
    private readonly int[] _rows;
    private readonly SpanParent?[]? _stages;
    private readonly StepPlan _step;

    private readonly bool[] _isPathAsked;
    private readonly Tensor _indexes;
    private readonly StepStamps _stamps;
    private readonly List<LayerTrace> _layers = [];

    /// <summary>[layers * traced, experts] F32; rows of dense layers stay as they were.</summary>
    private readonly Tensor _logits;
    private readonly byte[] _readLogits;

    /// <summary>[layers * rows of the step, 1] I32, where rows are followed in full depth.</summary>
    private readonly Tensor? _choices;
    private readonly byte[] _readChoices = [];
    private int _start;
    private Task? _reading;

    private StepTrace(int[] marked, StepPlan step, TokenDraw[] draws, ModelHost host, ExpertDispatch[] layers, StageSpans? spans)
    {
        (_draws, _rows, _host) = (marked, Array.ConvertAll(marked, i => step.LogitRows[i]), host);
        (_step, _isPathAsked) = (step, Array.ConvertAll(marked, i => draws[i].Trace));
        _stages = spans is null ? null : Array.ConvertAll(marked, i => draws[i].IsDeep ? spans.Below(draws[i].Span) : null);
        _indexes = host.Device.Rent(DType.I32, _rows.Length, 1);
        host.Device.Upload<int>(_rows, _indexes);
        _stamps = new StepStamps(host.Device, 1 + layers.Sum(layer => LayerTrace.StampsMax(layer.Owners)));
        _logits = host.Device.Rent(DType.F32, layers.Length * _rows.Length, Math.Max(1, host.Config.Experts));
        _readLogits = new byte[_logits.Bytes];
        if (_stages is not null)
        {
            _choices = host.Device.Rent(DType.I32, layers.Length * step.Rows, 1);
            _readChoices = new byte[_choices.Bytes];
        }
    }

    /// <summary>Null for a step without marked rows.</summary>
    /// <param name="layers">Of the stage.</param>
    /// <param name="spans">The stage's; null where nobody records any.</param>
    public static StepTrace? Of(StepPlan step, TokenDraw[] draws, ModelHost host, ExpertDispatch[] layers, StageSpans? spans)
    {
        var deep = spans is not null;
        if (!Array.Exists(draws, draw => draw.Trace || (deep && draw.IsDeep)))
            return null;
        int[] marked = [.. Enumerable.Range(0, draws.Length).Where(i => draws[i].Trace || (deep && draws[i].IsDeep))];
        return new StepTrace(marked, step, draws, host, layers, Array.Exists(draws, draw => draw.IsDeep) ? spans : null);
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
            if (_choices is not null)
                _host.Device.CopyRows(routing.Experts, 0, _choices, _layers.Count * _step.Rows, _step.Rows);
        }
        var spans = _stages is null ? null : Array.ConvertAll(_stages, stage => LayerSpans.Of(stage, isMoe: routing is not null));
        var start = _layers.Count == 0 ? _start : _layers[^1].Ended;
        var trace = new LayerTrace(layer, _host.Id, _stamps, _rows, start, isMoe: routing is not null, spans, _step);
        _layers.Add(trace);
        return trace;
    }

    /// <summary>The stage is enqueued.</summary>
    public void End() => _reading = ReadAsync();

    /// <summary>When the device was done with the stage, UTC; null where no row is followed in full depth.</summary>
    public async ValueTask<DateTime?> DoneAsync()
    {
        if (_stages is null)
            return null;
        await _reading!;
        return _stamps.At(_layers[^1].Ended);
    }

    /// <summary>Puts this stage's layers before those that the tokens have been through since, and ends the layers' spans.</summary>
    /// <param name="drawn">[step.LogitRows].</param>
    public async ValueTask<DrawnToken[]> AddAsync(DrawnToken[] drawn)
    {
        await _reading!;
        for (var i = 0; i < _draws.Length; i++)
        {
            var token = drawn[_draws[i]];
            if (_isPathAsked[i])
                drawn[_draws[i]] = token with { Path = [.. Hops(i), .. token.Path ?? []] };
            if (_stages?[i] is not null)
                EndSpans(i);
        }
        return drawn;
    }

    public void Dispose()
    {
        _layers.ForEach(layer => layer.GiveUp());
        _indexes.Dispose();
        _stamps.Dispose();
        _logits.Dispose();
        _choices?.Dispose();
    }

    /// <summary>Away from the grain's turns: the moment when it is done is that of the last stamp, as near as can be told.</summary>
    private async Task ReadAsync()
    {
        var stamps = _stamps.ReadAsync();
        var others = _host.Device.DownloadAsync(_logits, _readLogits).AsTask();
        if (_choices is not null)
            others = Task.WhenAll(others, _host.Device.DownloadAsync(_choices, _readChoices).AsTask());
        await stamps.ConfigureAwait(false);
        _stamps.Know(_layers[^1].Ended, DateTime.UtcNow);
        await others.ConfigureAwait(false);
    }

    private void EndSpans(int traced)
    {
        var choices = MemoryMarshal.Cast<byte, int>(_readChoices);
        for (var layer = 0; layer < _layers.Count; layer++)
            _layers[layer].EndSpans(traced, LogitsOf(layer, traced), choices.Slice(layer * _step.Rows, _step.Rows));
    }

    private TokenHop[] Hops(int traced)
    {
        var hops = new TokenHop[_layers.Count];
        for (var layer = 0; layer < hops.Length; layer++)
            hops[layer] = _layers[layer].Hop(traced, LogitsOf(layer, traced));
        return hops;
    }

    private ReadOnlySpan<float> LogitsOf(int layer, int traced)
    {
        var logits = MemoryMarshal.Cast<byte, float>(_readLogits);
        var experts = logits.Length / (_layers.Count * _rows.Length);
        return logits.Slice(((layer * _rows.Length) + traced) * experts, experts);
    }
}
