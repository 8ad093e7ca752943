using System.Diagnostics;
using Llama4.Contracts;
using Llama4.Gateway.Answers;

namespace Llama4.Gateway.Telemetry.Spans;

/// <summary>Step 10 as spans, of tokens that are followed in full depth: from a chunk's being taken up until what was made of it has been handed to the connection.</summary>
internal sealed class EmitSpans
{
    /// <summary>Tokens between two flushes; 16 KB are flushed at once.</summary>
    private const int OpenMax = 256;

    private readonly Activity _request;
    private readonly List<Activity> _open = [];
    private bool _isStarted;

    private EmitSpans(Activity request) => _request = request;

    /// <summary>Null where the request that is being served is not sampled.</summary>
    public static EmitSpans? Current => RequestSpan.Current is null ? null : new EmitSpans(Activity.Current!);

    /// <summary>A piece was written.</summary>
    /// <param name="taken">UTC: when it was taken up.</param>
    public void Wrote(Choice choice, Piece piece, DateTime taken)
    {
        if (!_isStarted && choice.GeneratedTokens > 0)
        {
            _isStarted = true;
            _request.AddEvent(new ActivityEvent("first token", taken));
        }

        if (piece.Span is not null && _open.Count < OpenMax && SpanSources.Gateway.Start("10 emit", piece.Span, taken) is { } span)
        {
            _open.Add(span.SetTag("llama4.token.index", choice.GeneratedTokens - 1).SetTag("llama4.choice", choice.Index));
        }
    }

    /// <summary>All that was written is handed over.</summary>
    public void Flushed()
    {
        _open.ForEach(span => span.End());
        _open.Clear();
    }
}
