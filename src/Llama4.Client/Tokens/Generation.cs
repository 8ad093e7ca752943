using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>
/// One accepted request, as its gateway sees it: chunks in order of their index, each once, however they arrive. What came too early
/// waits; what came before is dropped. Never slows the engine: it buffers at most the request's own tokens.
/// </summary>
/// <param name="cancel">Ends it in the cluster.</param>
internal sealed class Generation(GenerateRequest request, Func<Guid, ValueTask> cancel) : IGeneration
{
    private readonly Channel<TokenChunk> _chunks =
        Channel.CreateUnbounded<TokenChunk>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = false });

    private readonly SortedList<int, TokenChunk> _early = [];
    private readonly Lock _gate = new();
    private readonly List<int> _emitted = [.. request.Emitted];
    private int _next = request.Emitted.Length;
    private bool _ended;
    private int _disposed;

    /// <summary>A timestamp; 0 before the first token.</summary>
    private long _lastToken;
    private bool _isRevived;

    public Guid Request { get; } = request.Id;

    /// <summary>Where it was accepted last; null before.</summary>
    public HostId? Engine { get; set; }

    /// <summary>The box there that gets its chunks.</summary>
    public Guid Outbox { get; set; }

    /// <summary>Number of the last poll that was asked by then: the answers to those up to it do not know of it.</summary>
    public long AcceptedAfter { get; set; }

    /// <summary>It is under way to an engine. Written by the link only: by its poll, or by the submission while this is true.</summary>
    public bool IsSubmitting { get; set; }

    public TimeProvider Clock { get; init; } = TimeProvider.System;

    /// <summary>Another engine has accepted it.</summary>
    public void Revived()
    {
        lock (_gate)
        {
            _isRevived = true;
            FailoverMeter.CountFailover(request.Prompt.Length + _emitted.Count);
        }
    }

    /// <summary>What is still to be generated, as a request of its own.</summary>
    public GenerateRequest Rest()
    {
        lock (_gate)
            return request with { Emitted = [.. _emitted] };
    }

    /// <summary>It is about to be submitted again, to another engine or to one that has forgotten it: a span of that in the request's trace; null where nobody records it.</summary>
    public Activity? Resubmission()
    {
        if (SpanSources.Cluster.Start("2 resubmission", request.Span, kind: ActivityKind.Client) is not { } span)
            return null;
        lock (_gate)
            return span.SetTag("llama4.emitted.tokens", _emitted.Count).SetTag("llama4.engine.from", Engine?.Name);
    }

    /// <summary>Takes a chunk in; true if it was the last.</summary>
    public bool Take(TokenChunk chunk)
    {
        lock (_gate)
        {
            if (_ended || chunk.Index < _next)
                return _ended;
            if (chunk.Index > _next)
            {
                _early[chunk.Index] = chunk;
                return false;
            }
            Write(chunk);
            while (!_ended && _early.Remove(_next, out var waiting))
                Write(waiting);
            return _ended;
        }
    }

    /// <summary>Ends what has not ended, wherever it is: the cluster is gone.</summary>
    public void Fail(string error)
    {
        lock (_gate)
        {
            if (!_ended)
                Write(new TokenChunk { Request = Request, Index = _next, Finish = FinishReason.Error, Error = error });
        }
    }

    public async IAsyncEnumerable<TokenChunk> Chunks([EnumeratorCancellation] CancellationToken cancellation = default)
    {
        while (await _chunks.Reader.WaitToReadAsync(cancellation))
        {
            while (_chunks.Reader.TryRead(out var chunk))
                yield return chunk;
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (Interlocked.Exchange(ref _disposed, 1) == 1)
            return;
        bool ended;
        lock (_gate)
        {
            ended = _ended;
            _ended = true;
            _chunks.Writer.TryComplete();
        }
        if (!ended)
            await cancel(Request);
    }

    private void TellGap()
    {
        var now = Clock.GetTimestamp();
        if (_isRevived && _lastToken != 0)
            FailoverMeter.CountGap(Clock.GetElapsedTime(_lastToken, now));
        (_isRevived, _lastToken) = (false, now);
    }

    private void Write(TokenChunk chunk)
    {
        if (chunk.Token is { } token)
        {
            TellGap();
            _emitted.Add(token);
            _next = chunk.Index + 1;
        }
        _chunks.Writer.TryWrite(chunk);
        if (chunk.Finish is not null)
        {
            _ended = true;
            _early.Clear();
            _chunks.Writer.TryComplete();
        }
    }
}
