using Llama4.Scheduling;

namespace Llama4.Tests.Batching;

/// <summary>
/// Copies blocks to another memory while sequences go on, as slowly and with as many interruptions as chance wants: what is copied is what
/// the block holds at that moment, whoever has it by then.
/// </summary>
internal sealed class MovingKv
{
    private readonly BatchScheduler _scheduler;
    private readonly (int[,] Full, int[,] Chunked) _from;
    private readonly Random _random;
    private readonly KvMove _move;
    private readonly bool _movesFull;
    private readonly bool _movesChunked;
    private readonly Queue<KvPage> _pages = [];

    public MovingKv(BatchScheduler scheduler, (int[,] Full, int[,] Chunked) from, Random random)
    {
        (_scheduler, _from, _random) = (scheduler, from, random);
        (_movesFull, _movesChunked) = (random.Next(4) > 0, random.Next(4) > 0);
        _move = new KvMove(_movesFull, _movesChunked, pageBlocks: random.Next(1, 4));
        // Layers that stay where they are have the memory that they had.
        After = (_movesFull ? new int[from.Full.GetLength(0), from.Full.GetLength(1)] : from.Full,
            _movesChunked ? new int[from.Chunked.GetLength(0), from.Chunked.GetLength(1)] : from.Chunked);
    }

    public (int[,] Full, int[,] Chunked) After { get; private set; }

    /// <summary>The next page, or another round; now and then a host begins with other memory.</summary>
    public void Go()
    {
        if (_random.Next(20) == 0)
        {
            _move.Forget();
            Array.Clear(_movesFull ? After.Full : new int[0, 0]);
            Array.Clear(_movesChunked ? After.Chunked : new int[0, 0]);
        }

        if (_pages.TryDequeue(out var page))
        {
            _move.Begin(page);
            foreach (var block in page.Blocks)
            {
                var (from, to) = page.IsChunked ? (_from.Chunked, After.Chunked) : (_from.Full, After.Full);
                for (var slot = 0; slot < from.GetLength(1); slot++)
                {
                    to[block.Block, slot] = from[block.Block, slot];
                }
            }

            if (_random.Next(8) > 0)
            {
                _move.End(page);
            }
        }
        else
        {
            foreach (var missing in _move.Missing(_scheduler.NamedBlocks))
            {
                _pages.Enqueue(missing);
            }
        }
    }

    public List<NamedBlock> Kept() => _move.Kept(_scheduler.NamedBlocks);
}
