using System.Numerics;

namespace Llama4.Compute.Cpu;

/// <summary>
/// Reuses native memory by size class. The pool of tensors takes a block back as soon as its last handle is disposed:
/// every use is a command of the one queue, so later commands run after those that still use it. The pool of staging
/// memory, which the host writes at once, takes a block back when the device has read it.
/// </summary>
/// <param name="idleBytesMax">Idle bytes kept for reuse; beyond it, blocks are given back to the system.</param>
internal sealed class BlockPool(long idleBytesMax)
{
    /// <summary>Four classes to a doubling: at most a quarter of a block is slack.</summary>
    private const int ClassesPerDoubling = 4;

    private readonly Stack<NativeBlock>[] _idle = CreateClasses();
    private readonly Lock _gate = new();
    private long _idleBytes;

    public NativeBlock Rent(long bytes)
    {
        int sizeClass = ClassOf(bytes, out long size);
        lock (_gate)
        {
            if (_idle[sizeClass].TryPop(out NativeBlock? block))
            {
                _idleBytes -= block.Bytes;
                return block;
            }
        }

        return NativeBlock.Allocate(size, sizeClass: sizeClass);
    }

    /// <returns>False if the pool is full or the block is not of a class: the caller frees it.</returns>
    public bool TryReturn(NativeBlock block)
    {
        lock (_gate)
        {
            if (block.SizeClass < 0 || _idleBytes + block.Bytes > idleBytesMax)
            {
                return false;
            }

            _idleBytes += block.Bytes;
            _idle[block.SizeClass].Push(block);
            return true;
        }
    }

    /// <summary>Frees what is idle.</summary>
    public void Clear()
    {
        lock (_gate)
        {
            foreach (Stack<NativeBlock> stack in _idle)
            {
                while (stack.TryPop(out NativeBlock? block))
                {
                    _idleBytes -= block.Bytes;
                    block.Free();
                }
            }
        }
    }

    /// <summary>Smallest (4 + j)·2^e ≥ bytes, j in 0..3, at least 256.</summary>
    internal static int ClassOf(long bytes, out long size)
    {
        long wanted = Math.Max(bytes, 256);
        int exponent = BitOperations.Log2((ulong)(wanted - 1)) - 2;
        long step = 1L << exponent;
        long quarters = (wanted + step - 1) / step;
        size = quarters * step;
        return exponent * ClassesPerDoubling + (int)(quarters - ClassesPerDoubling);
    }

    private static Stack<NativeBlock>[] CreateClasses()
    {
        var classes = new Stack<NativeBlock>[48 * ClassesPerDoubling];
        for (int i = 0; i < classes.Length; i++)
        {
            classes[i] = new Stack<NativeBlock>();
        }

        return classes;
    }
}
