using System.Buffers;
using System.Collections.Concurrent;

namespace Llama4.Client.Transport;

/// <summary>
/// Blocks of <see cref="BlockBytes"/> for the pipes of a connection. Orleans' own transport has blocks of 4 KiB: a message of 655 KB is then
/// received in 160 pieces, each a system call, a scheduler hop and a segment to walk.
/// </summary>
internal sealed class LargeBlockPool : MemoryPool<byte>
{
    /// <summary>64 KiB = what a loopback or 25 GbE receive usually brings at once; greater blocks were not faster.</summary>
    public const int BlockBytes = 64 * 1024;

    /// <summary>Idle blocks kept: 16 MiB, enough for three messages of 5 MB under way.</summary>
    private const int IdleMax = 256;

    private readonly ConcurrentQueue<Block> _idle = [];
    private int _idleCount;
    private int _rented;

    public override int MaxBufferSize => BlockBytes;

    /// <summary>Blocks that are out; tests hold it at zero after all connections are closed.</summary>
    public int Rented => Volatile.Read(ref _rented);

    public override IMemoryOwner<byte> Rent(int minBufferSize = -1)
    {
        if (minBufferSize > BlockBytes)
            throw new ArgumentOutOfRangeException(nameof(minBufferSize), minBufferSize, $"a block holds {BlockBytes} bytes");
        Interlocked.Increment(ref _rented);
        if (!_idle.TryDequeue(out var block))
            return new Block(this);
        Interlocked.Decrement(ref _idleCount);
        block.Open();
        return block;
    }

    protected override void Dispose(bool disposing)
    {
    }

    private void Return(Block block)
    {
        Interlocked.Decrement(ref _rented);
        if (Interlocked.Increment(ref _idleCount) <= IdleMax)
            _idle.Enqueue(block);
        else
            Interlocked.Decrement(ref _idleCount);
    }

    /// <summary>Pinned, as sockets would pin it for every call.</summary>
    private sealed class Block(LargeBlockPool pool) : IMemoryOwner<byte>
    {
        private readonly byte[] _bytes = GC.AllocateUninitializedArray<byte>(BlockBytes, pinned: true);
        private int _closed;

        public Memory<byte> Memory => _bytes;

        public void Open() => Volatile.Write(ref _closed, 0);

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _closed, 1) == 0)
                pool.Return(this);
        }
    }
}
