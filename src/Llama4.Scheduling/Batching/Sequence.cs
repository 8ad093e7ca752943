using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>One accepted request: its tokens, how far their keys and values are written, and where.</summary>
internal sealed class Sequence
{
    private readonly int[] _stopIds;
    private int[] _tokens;
    private int _reached;

    public Sequence(long number, GenerateRequest request, int tokensMax, KvMemory memory)
    {
        Number = number;
        Request = request;
        TokensMax = tokensMax;
        _stopIds = request.StopIds;
        _tokens = [.. request.Prompt, .. request.Emitted];
        Count = _tokens.Length;
        Hashes = new PrefixHashes(memory, request.Images, request.CacheSalt);
        Chunked = new KvBlockTable(memory.Chunked);
        Full = new KvBlockTable(memory.Full);
    }

    public long Number { get; }

    public GenerateRequest Request { get; }

    /// <summary>Most tokens, prompt and answer together.</summary>
    public int TokensMax { get; }

    public PrefixHashes Hashes { get; }

    public KvBlockTable Chunked { get; }

    public KvBlockTable Full { get; }

    /// <summary>Tokens known: prompt and answer so far.</summary>
    public int Count { get; private set; }

    /// <summary>Positions 0..Computed have their keys and values written.</summary>
    public int Computed { get; private set; }

    /// <summary>Rank of its first admission, kept when it is preempted: the lower one never yields to the higher.</summary>
    public long Order { get; set; } = -1;

    /// <summary>The micro-batch it belongs to while it runs; −1 for none.</summary>
    public int Lane { get; set; } = -1;

    /// <summary>The outstanding step it is in; null for none.</summary>
    public long? Step { get; set; }

    /// <summary>Its last attempt to get a KV block failed: nobody younger is scheduled until it has got one.</summary>
    public bool Blocked { get; set; }

    /// <summary>Ends when its outstanding step does.</summary>
    public bool Cancelled { get; set; }

    /// <summary>Aborted attempts since the last committed step.</summary>
    public int Replays { get; set; }

    /// <summary>Prompt tokens found in the cache, of those never computed for this sequence.</summary>
    public int CachedTokens { get; private set; }

    /// <summary>Where it waited for another's blocks last, and for which step.</summary>
    public int WaitedAt { get; set; } = -1;

    public long WaitsFor { get; set; }

    public int Pending => Count - Computed;

    public int OutputCount => Count - Request.Prompt.Length;

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    public ReadOnlyMemory<int> TokensBefore(int position) => _tokens.AsMemory(0, position);

    /// <summary>The reason the answer is complete, if it is.</summary>
    public FinishReason? Finished =>
        OutputCount > 0 && Array.IndexOf(_stopIds, _tokens[Count - 1]) >= 0 ? FinishReason.Stop
        : Count >= TokensMax ? FinishReason.Length
        : null;

    public void Append(int token)
    {
        if (Count == _tokens.Length)
        {
            // Views given out keep the old array: its tokens do not change.
            Array.Resize(ref _tokens, (int)Math.Min(Math.Max(16L, 2L * Count), TokensMax));
        }

        _tokens[Count++] = token;
    }

    /// <summary>Keys and values below <paramref name="position"/> are written: complete blocks become findable, ended chunks are let go.</summary>
    public void AdvanceTo(int position)
    {
        Computed = position;
        _reached = Math.Max(_reached, position);
        Hashes.Extend(Tokens);
        Full.Complete(position, Hashes);
        Chunked.Complete(position, Hashes);
    }

    /// <summary>Goes on from a hit of the prefix cache.</summary>
    public void Adopt(int hit)
    {
        Full.Adopt(hit, Hashes);
        Chunked.Adopt(hit, Hashes);
        Computed = hit;
    }

    /// <summary>Counts a hit's prompt tokens, without those it only saves from being computed a second time.</summary>
    /// <returns>How many.</returns>
    public int CountCached(int hit)
    {
        var counted = Math.Max(0, Math.Min(hit, Request.Prompt.Length) - _reached);
        CachedTokens += counted;
        _reached = Math.Max(_reached, hit);
        return counted;
    }

    /// <summary>Lets go of all KV blocks; what was complete stays findable in the cache.</summary>
    public void ReleaseKv()
    {
        Chunked.Release(0);
        Full.Release(0);
        Computed = 0;
    }
}
