using Llama4.Cluster.Images;
using Llama4.Cluster.Spans;
using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Engine;

/// <summary>
/// Turns what the scheduler emits into chunks in the boxes of the gateways that asked. Every request that was added gets exactly one
/// chunk with a finish, and is forgotten with it; what comes for one that was replaced or forgotten is dropped.
/// <para>To the scheduler a request goes by a number of this engine's own, so that one which is submitted again has nothing to do with its
/// earlier self, which may still be in a step.</para>
/// </summary>
/// <param name="images">Let go of with each request.</param>
/// <param name="spans">Ended with each.</param>
internal sealed class Emitter(RequestImages images, SequenceSpans spans)
{
    private readonly Dictionary<Guid, Outbox> _boxes = [];
    private readonly Dictionary<Guid, (Guid Request, Guid Gateway, int Emitted)> _open = [];
    private readonly Dictionary<Guid, Guid> _inside = [];

    /// <summary>The pictures of open requests, by the scheduler's names for these.</summary>
    public RequestImages Images => images;

    /// <summary>The spans of open requests that are sampled, by the same names.</summary>
    public SequenceSpans Spans => spans;

    /// <summary>Null for a gateway that nothing is known of.</summary>
    public Outbox? BoxOf(Guid gateway) => _boxes.GetValueOrDefault(gateway);

    public bool HasOpen => _open.Count > 0;

    /// <summary>By what name the scheduler knows a request.</summary>
    public bool TryInside(Guid request, out Guid inside) => _inside.TryGetValue(request, out inside);

    /// <summary>Where the chunks of a request are put that a gateway has here, with as many tokens as it says were emitted or more; null for none.</summary>
    public Outbox? BoxOf(GenerateRequest request, Guid gateway) =>
        _inside.TryGetValue(request.Id, out var inside) && _open[inside] is var open && open.Gateway == gateway && open.Emitted >= request.Emitted.Length
            ? _boxes[gateway]
            : null;

    /// <summary>A request was accepted.</summary>
    /// <param name="inside">Its name in the scheduler.</param>
    /// <param name="now">A timestamp.</param>
    /// <returns>Where its chunks are put.</returns>
    public Outbox Add(GenerateRequest request, Guid inside, Guid gateway, long now)
    {
        if (!_boxes.TryGetValue(gateway, out var box))
            _boxes.Add(gateway, box = new Outbox());
        box.Polled = now;
        _inside[request.Id] = inside;
        _open[inside] = (request.Id, gateway, request.Emitted.Length);
        spans.Add(inside, request);
        return box;
    }

    /// <summary>Nothing more is told of a request.</summary>
    public void Forget(Guid request)
    {
        if (!_inside.Remove(request, out var inside))
            return;
        _open.Remove(inside);
        images.Release(inside);
        spans.End(inside);
    }

    /// <summary>Gateways that have not asked since.</summary>
    public List<Guid> SilentSince(long time) => [.. _boxes.Where(box => box.Value.Polled < time).Select(box => box.Key)];

    /// <summary>Forgets a gateway.</summary>
    /// <returns>The names in the scheduler of its open requests.</returns>
    public List<Guid> Remove(Guid gateway)
    {
        _boxes.Remove(gateway);
        var orphans = _open.Where(open => open.Value.Gateway == gateway).ToList();
        orphans.ForEach(open => Forget(open.Value.Request));
        return [.. orphans.Select(open => open.Key)];
    }

    /// <param name="drawn">By <see cref="Emission.LogitRow"/> and <see cref="ForcedTokens.LogitRow"/>.</param>
    /// <param name="error">Why sequences ended, for those that end with an error.</param>
    public void Emit(IReadOnlyList<Emission> emissions, DrawnToken[] drawn, string? error)
    {
        foreach (var emission in emissions)
        {
            if (!_open.TryGetValue(emission.Request, out var open))
                continue;
            var chunk = ChunkOf(open.Request, emission, drawn, error);
            if (emission.Finish is null)
            {
                _open[emission.Request] = open with { Emitted = emission.Index + (emission.Token is null ? 0 : 1) };
            }
            else
            {
                spans.End(emission.Request, emission.Finish.Value, chunk.Error);
                Forget(open.Request);
            }
            _boxes[open.Gateway].Put(chunk);
        }
        WakeAll();
    }

    /// <summary>Ends every open request with an error.</summary>
    public void EndAll(string error)
    {
        foreach (var (request, gateway, emitted) in _open.Values)
            _boxes[gateway].Put(new TokenChunk { Request = request, Index = emitted, Finish = FinishReason.Error, Error = error });
        var ended = _open.Keys.ToList();
        _open.Clear();
        _inside.Clear();
        ended.ForEach(images.Release);
        spans.EndAll(error);
        WakeAll();
    }

    /// <summary>Polls that wait look again.</summary>
    public void WakeAll()
    {
        foreach (var box in _boxes.Values)
            box.Wake();
    }

    private static TokenChunk ChunkOf(Guid request, Emission emission, DrawnToken[] drawn, string? error)
    {
        var token = emission.LogitRow >= 0 ? drawn[emission.LogitRow] : default;
        return new TokenChunk
        {
            Request = request,
            Index = emission.Index,
            Token = emission.Token,
            Logprob = token.Logprob,
            TopLogprobs = token.Top,
            Path = token.Path,
            Span = token.Span,
            Finish = emission.Finish,
            CachedTokens = emission.CachedTokens,
            Prompt = emission.Forced.Count > 0 ? PromptOf(emission.Forced, drawn) : null,
            Error = emission.Finish == FinishReason.Error ? token.Error ?? error ?? "The step failed." : null,
            IsOfRequest = token.IsOfRequest,
        };
    }

    private static PromptLogprobs PromptOf(ForcedTokens forced, DrawnToken[] drawn) => new(
        forced.First,
        Array.ConvertAll(drawn[forced.LogitRow..(forced.LogitRow + forced.Count)], token => new PromptLogprob(token.Logprob!.Value, token.Rank!.Value, token.Top!)));
}
