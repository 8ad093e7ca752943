using System.Buffers.Binary;

namespace Llama4.Tokenization.Bpe;

/// <summary>Byte strings and their ids, 0..Count-1, in one block of memory, with a look-up by bytes (open addressing).</summary>
internal sealed class TokenTable
{
    private readonly byte[] _bytes;
    private readonly int[] _start;
    private readonly int[] _slots;
    private readonly int _mask;

    /// <param name="bytes">All tokens one after another, in the order of their ids.</param>
    /// <param name="start">Where each token begins, and one more entry: where the last one ends.</param>
    /// <param name="isHidden">Ids that the look-up never gives; without it there are none.</param>
    public TokenTable(byte[] bytes, int[] start, Predicate<int>? isHidden = null)
    {
        _bytes = bytes;
        _start = start;
        _mask = checked((int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)Math.Max(4, 2 * Count)) - 1);
        _slots = new int[_mask + 1];
        for (var id = 0; id < Count; id++)
        {
            if (isHidden is not null && isHidden(id))
            {
                continue;
            }

            var token = this[id];
            var slot = SlotOf(token);
            if (_slots[slot] != 0)
            {
                FirstDuplicate ??= (_slots[slot] - 1, id);
                continue;
            }

            _slots[slot] = id + 1;
            LongestToken = Math.Max(LongestToken, token.Length);
        }
    }

    public int Count => _start.Length - 1;

    public int LongestToken { get; }

    /// <summary>Two ids with equal bytes, where there are such.</summary>
    public (int First, int Second)? FirstDuplicate { get; }

    public ReadOnlySpan<byte> this[int id] => _bytes.AsSpan(_start[id], _start[id + 1] - _start[id]);

    /// <summary>The id of these bytes, or -1.</summary>
    public int Find(ReadOnlySpan<byte> token) => token.Length > LongestToken ? -1 : _slots[SlotOf(token)] - 1;

    private int SlotOf(ReadOnlySpan<byte> token)
    {
        var slot = (int)Hash(token) & _mask;
        while (_slots[slot] != 0 && !this[_slots[slot] - 1].SequenceEqual(token))
        {
            slot = (slot + 1) & _mask;
        }

        return slot;
    }

    /// <summary>Eight bytes a step, multiplied by an odd constant (2^64 over the golden ratio) and folded.</summary>
    private static uint Hash(ReadOnlySpan<byte> token)
    {
        const ulong Odd = 0x9E3779B97F4A7C15;
        var hash = (ulong)token.Length * Odd;
        while (token.Length >= 8)
        {
            hash = Mix(hash ^ BinaryPrimitives.ReadUInt64LittleEndian(token), Odd);
            token = token[8..];
        }

        var rest = 0UL;
        foreach (var value in token)
        {
            rest = (rest << 8) | value;
        }

        return (uint)(Mix(hash ^ rest, Odd) >> 20);
    }

    private static ulong Mix(ulong value, ulong odd)
    {
        value *= odd;
        return value ^ (value >> 32);
    }
}
