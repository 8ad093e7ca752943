using System.Diagnostics;
using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Llama4.Contracts;

namespace Llama4.Client.Tokens;

/// <summary>
/// One accepted request, as its gateway sees it: chunks in order of their places, each once, however they arrive. What came too early
/// waits; what came before is dropped. Never slows the engine: it buffers at most the request's own tokens.
/// <para>Places are those of prompt and answer in one: a chunk stands where the first token is that it tells of.</para>
/// </summary>
/// <param name="cancel">Ends it in the cluster.</param>
internal sealed class Generation(GenerateRequest request, Func<Guid, ValueTask> cancel) : IGeneration
{
    private readonly Channel<TokenChunk> _chunks =
        Channel.CreateUnbounded<TokenChunk>(new UnboundedChannelOptions { SingleReader = true, SingleWriter = false });

    private readonly SortedList<int, TokenChunk> _early = [];
    private readonly Lock _gate = new();
    private readonly List<int> _emitted = [.. request.Emitted];
    private int _next = request.PromptLogprobs is null || request.Emitted.Length > 0
        ? request.Prompt.Length + request.Emitted.Length
        : Math.Clamp(request.PromptReported, 1, request.Prompt.Length);
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
            return request with { Emitted = [.. _emitted], PromptReported = request.PromptLogprobs is null ? 0 : Math.Min(_next, request.Prompt.Length) };
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
            if (_ended || Untold(chunk) is not { } untold)
                return _ended;
            _early[PlaceOf(untold)] = untold;
            while (!_ended && _early.Count > 0 && _early.GetKeyAtIndex(0) <= _next)
            {
                var waiting = _early.GetValueAtIndex(0);
                _early.RemoveAt(0);
                if (Untold(waiting) is { } now)
                    Write(now);
            }
            return _ended;
        }
    }

    /// <summary>Ends what has not ended, wherever it is: the cluster is gone.</summary>
    public void Fail(string error)
    {
        lock (_gate)
        {
            if (!_ended)
                Write(new TokenChunk { Request = Request, Index = _emitted.Count, Finish = FinishReason.Error, Error = error });
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

    /// <summary>What of a chunk has not been told yet; null for nothing. An end with an error may come before all of the prompt was told of.</summary>
    private TokenChunk? Untold(TokenChunk chunk)
    {
        if (chunk.Prompt is { } prompt && prompt.First < _next)
            return Untold(chunk with { Prompt = prompt.End > _next ? new PromptLogprobs(_next, prompt.Tokens[(_next - prompt.First)..]) : null });
        if (chunk is { Prompt: null, Token: null })
            return chunk.Finish is null || chunk.Index < _emitted.Count ? null : chunk;
        return PlaceOf(chunk) < _next ? null : chunk;
    }

    private int PlaceOf(TokenChunk chunk) =>
        chunk.Prompt is { } prompt ? prompt.First
        : chunk is { Token: null, Finish: FinishReason.Error or FinishReason.Cancelled } && _next < request.Prompt.Length ? _next
        : request.Prompt.Length + chunk.Index;

    private void TellGap()
    {
        var now = Clock.GetTimestamp();
        if (_isRevived && _lastToken != 0)
            FailoverMeter.CountGap(Clock.GetElapsedTime(_lastToken, now));
        (_isRevived, _lastToken) = (false, now);
    }

    private void Write(TokenChunk chunk)
    {
        if (chunk.Prompt is { } prompt)
            _next = prompt.End;
        if (chunk.Token is { } token)
        {
            TellGap();
            _emitted.Add(token);
            _next = request.Prompt.Length + chunk.Index + 1;
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
