namespace Llama4.Scheduling;

/// <summary>
/// What of a replica's keys and values is moved for the next plan, while the present one serves: which blocks are copied next, whether another
/// round is worth it, and which blocks may be kept in the end. Complete blocks do not change, so each is copied once; one that was reused
/// meanwhile has another naming and is copied again, or not kept.
/// </summary>
/// <param name="movesFull">Layers that see everything get another host.</param>
/// <param name="movesChunked">Layers whose attention is cut into chunks get another host.</param>
/// <param name="pageBlocks">Most blocks of a message.</param>
public sealed class KvMove(bool movesFull, bool movesChunked, int pageBlocks)
{
    /// <summary>Each round copies what became complete during the one before: of a second's worth of copying some 5 % remain, and of that again.</summary>
    public const int RoundsMax = 3;

    /// <summary>So many pages are left to the last round, when engines stand still: each takes a few milliseconds.</summary>
    private const int LastPagesMax = 2;

    private readonly Dictionary<(bool IsChunked, int Block), long> _moved = [];

    /// <summary>Whether another round is worth it before engines stand still.</summary>
    /// <param name="round">Counted from 0.</param>
    /// <param name="missing">What it would copy.</param>
    public static bool IsWorthARound(int round, IReadOnlyCollection<KvPage> missing) =>
        round < RoundsMax && missing.Count > (round == 0 ? 0 : LastPagesMax);

    /// <summary>
    /// What has yet to be copied, page by page. Of the two kinds by turns: nothing is found that is not in memory of both, and time may run out.
    /// </summary>
    /// <param name="named">As <see cref="BatchScheduler.NamedBlocks"/> gives them.</param>
    public List<KvPage> Missing(IEnumerable<NamedBlock> named)
    {
        var missing = named.Where(block => Moves(block) && !IsMoved(block)).ToLookup(block => block.IsChunked);
        NamedBlock[][] full = [.. missing[false].Chunk(pageBlocks)];
        NamedBlock[][] chunked = [.. missing[true].Chunk(pageBlocks)];
        var pages = new List<KvPage>();
        for (var i = 0; i < Math.Max(full.Length, chunked.Length); i++)
        {
            if (i < full.Length)
            {
                pages.Add(new KvPage(IsChunked: false, full[i]));
            }

            if (i < chunked.Length)
            {
                pages.Add(new KvPage(IsChunked: true, chunked[i]));
            }
        }

        return pages;
    }

    /// <summary>Copies of these blocks are under way: until all layers have them, what is in them there is unknown.</summary>
    public void Begin(KvPage page)
    {
        foreach (var block in page.Blocks)
        {
            _moved.Remove((block.IsChunked, block.Block));
        }
    }

    /// <summary>Every layer that gets another host has these blocks there, and nothing writes to them any more.</summary>
    public void End(KvPage page)
    {
        foreach (var block in page.Blocks)
        {
            _moved[(block.IsChunked, block.Block)] = block.Naming;
        }
    }

    /// <summary>A host has begun with other memory: what was copied before is gone.</summary>
    public void Forget() => _moved.Clear();

    /// <summary>The blocks that are on their host by the next plan on every layer, of those that have a name now.</summary>
    /// <param name="named">As they are when no step can write any more.</param>
    public List<NamedBlock> Kept(IEnumerable<NamedBlock> named) => [.. named.Where(block => !Moves(block) || IsMoved(block))];

    private bool Moves(NamedBlock block) => block.IsChunked ? movesChunked : movesFull;

    private bool IsMoved(NamedBlock block) => _moved.TryGetValue((block.IsChunked, block.Block), out var naming) && naming == block.Naming;
}

/// <summary>Blocks of one kind that travel together.</summary>
public sealed record KvPage(bool IsChunked, NamedBlock[] Blocks);
