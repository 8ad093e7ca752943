using Llama4.Contracts;
using Llama4.Scheduling;

namespace Llama4.Cluster.Engine;

/// <summary>
/// Sends what a step emitted to the gateways that asked: one message a step and gateway. Every request that was added gets exactly one
/// chunk with a finish, and is forgotten with it.
/// </summary>
internal sealed class Emitter
{
    private readonly Dictionary<Guid, (IGenerationObserver Observer, int Emitted)> _open = [];

    public void Add(Guid request, IGenerationObserver observer) => _open.Add(request, (observer, 0));

    /// <param name="drawn">By <see cref="Emission.LogitRow"/>.</param>
    /// <param name="error">Why sequences ended, for those that end with an error.</param>
    public void Emit(IReadOnlyList<Emission> emissions, DrawnToken[] drawn, string? error)
    {
        if (emissions.Count == 0)
            return;
        // Nearly always there is one gateway: its array is sent as it is.
        var observer = _open[emissions[0].Request].Observer;
        var chunks = new TokenChunk[emissions.Count];
        Dictionary<IGenerationObserver, List<TokenChunk>>? others = null;
        var count = 0;
        foreach (var emission in emissions)
        {
            var chunk = ChunkOf(emission, drawn, error);
            var to = _open[emission.Request].Observer;
            if (emission.Finish is null)
                _open[emission.Request] = (to, emission.Index + 1);
            else
                _open.Remove(emission.Request);
            if (to.Equals(observer))
                chunks[count++] = chunk;
            else
                ListOf(others ??= [], to).Add(chunk);
        }
        Send(observer, chunks.AsSpan(0, count).Length == chunks.Length ? chunks : chunks[..count]);
        foreach (var (to, list) in others ?? [])
            Send(to, [.. list]);
    }

    /// <summary>Ends every open request with an error.</summary>
    public void EndAll(string error)
    {
        foreach (var (request, (observer, emitted)) in _open)
            Send(observer, [new TokenChunk { Request = request, Index = emitted, Finish = FinishReason.Error, Error = error }]);
        _open.Clear();
    }

    /// <summary>One-way: a gateway that is gone does not answer, and its requests are cancelled when its absence is noticed.</summary>
    private static void Send(IGenerationObserver observer, TokenChunk[] chunks)
    {
        var sent = observer.OnChunksAsync(chunks);
        if (!sent.IsCompletedSuccessfully)
            _ = sent.AsTask();
    }

    private static TokenChunk ChunkOf(Emission emission, DrawnToken[] drawn, string? error)
    {
        var token = emission.LogitRow >= 0 ? drawn[emission.LogitRow] : default;
        return new TokenChunk
        {
            Request = emission.Request,
            Index = emission.Index,
            Token = emission.Token,
            Logprob = token.Logprob,
            TopLogprobs = token.Top,
            Finish = emission.Finish,
            CachedTokens = emission.CachedTokens,
            Error = emission.Finish == FinishReason.Error ? error ?? "The step failed." : null,
        };
    }

    private static List<TokenChunk> ListOf(Dictionary<IGenerationObserver, List<TokenChunk>> lists, IGenerationObserver observer)
    {
        if (!lists.TryGetValue(observer, out var list))
            lists.Add(observer, list = []);
        return list;
    }
}
