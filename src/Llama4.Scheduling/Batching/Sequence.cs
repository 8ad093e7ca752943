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
        // An answer that has begun has had its prompt reported on.
        Reported = request.PromptLogprobs is null || request.Emitted.Length > 0 ? request.Prompt.Length : Math.Clamp(request.PromptReported, 1, request.Prompt.Length);
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

    /// <summary>Prompt tokens whose log-probabilities are known or not asked for.</summary>
    public int Reported { get; private set; }

    /// <summary>Rows to compute. Where no token is to be drawn nobody needs the prompt's last.</summary>
    public int Pending => Count - Computed - (IsDrawn ? 0 : 1);

    /// <summary>Whether the answer has any tokens.</summary>
    public bool IsDrawn => TokensMax > Request.Prompt.Length;

    /// <summary>Most positions that may come from the cache: a row whose logits are needed must be computed.</summary>
    public int CachedMax => IsReported ? Count - 1 : Reported - 1;

    private bool IsReported => Reported == Request.Prompt.Length;

    /// <summary>Position of the next row whose logits give the log-probability of a prompt token; the prompt's last if there is none.</summary>
    private int FirstForced => Math.Max(Computed, Reported - 1);

    /// <summary>Whether somebody reads its answer already.</summary>
    public bool IsRead => OutputCount > 0;

    public int OutputCount => Count - Request.Prompt.Length;

    public ReadOnlySpan<int> Tokens => _tokens.AsSpan(0, Count);

    public ReadOnlyMemory<int> TokensBefore(int position) => _tokens.AsMemory(0, position);

    /// <summary>The reason the answer is complete, if it is.</summary>
    public FinishReason? Finished =>
        OutputCount > 0 && Array.IndexOf(_stopIds, _tokens[Count - 1]) >= 0 ? FinishReason.Stop
        : Count >= TokensMax && IsReported ? FinishReason.Length
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

    /// <summary>Whether the last of the next <paramref name="rows"/> rows is what the next token is drawn from.</summary>
    public bool Samples(int rows) => IsDrawn && rows == Pending;

    /// <summary>How many of the next <paramref name="rows"/> rows are forced: <see cref="SequenceSlice.Forced"/>.</summary>
    public int Forced(int rows) => Math.Max(0, Math.Min(Computed + rows, Request.Prompt.Length - 1) - FirstForced);

    /// <summary>How many of the next <paramref name="rows"/> rows need logits.</summary>
    public int LogitRows(int rows) => Forced(rows) + (Samples(rows) ? 1 : 0);

    /// <summary>Most rows with at most so many whose logits are needed; no bound where all that are pending have no more.</summary>
    /// <param name="logitRows">At least 1.</param>
    public int RowsWith(int logitRows)
    {
        var forced = Math.Max(0, Request.Prompt.Length - 1 - FirstForced);
        return forced + (IsDrawn ? 1 : 0) <= logitRows ? int.MaxValue : FirstForced - Computed + Math.Min(forced, logitRows);
    }

    /// <summary>The forced rows of a slice, done with it, have told of their tokens.</summary>
    /// <returns>Index of the first of these in the prompt.</returns>
    public int Report(in SequenceSlice slice)
    {
        var first = slice.FirstForced + 1;
        Reported = Math.Max(Reported, first + slice.Forced);
        return first;
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
