using System.Diagnostics.CodeAnalysis;

namespace Llama4.Scheduling;

/// <summary>
/// What was sent and is not yet answered: at most <c>capacity</c> entries, with numbers that only grow, answered in any order.
/// </summary>
public sealed class InFlightWindow<T>
{
    private readonly (long Number, T Item)[] _entries;

    public InFlightWindow(int capacity)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(capacity, 1);
        _entries = new (long, T)[capacity];
    }

    public int Capacity => _entries.Length;

    public int Count { get; private set; }

    public bool IsFull => Count == Capacity;

    /// <summary>The number added last; <see cref="long.MinValue"/> before the first.</summary>
    public long Newest { get; private set; } = long.MinValue;

    /// <summary>The items in flight, oldest first. Borrowed until the next change.</summary>
    public ReadOnlySpan<(long Number, T Item)> Entries => _entries.AsSpan(0, Count);

    /// <summary>Of the items in flight, ascending; a copy.</summary>
    public long[] Numbers()
    {
        var numbers = Count == 0 ? [] : new long[Count];
        for (var i = 0; i < numbers.Length; i++)
        {
            numbers[i] = _entries[i].Number;
        }

        return numbers;
    }

    /// <exception cref="InvalidOperationException">The window is full, or the number is not above all before.</exception>
    public void Add(long number, T item)
    {
        if (IsFull)
        {
            throw new InvalidOperationException($"{Count} of {Capacity} are in flight: number {number} has no room.");
        }

        if (number <= Newest)
        {
            throw new InvalidOperationException($"Number {number} comes after {Newest}: numbers must grow.");
        }

        _entries[Count++] = (number, item);
        Newest = number;
    }

    /// <summary>Takes an entry out; false if it is not in flight (answered before, or never sent).</summary>
    public bool TryRemove(long number, [MaybeNullWhen(false)] out T item)
    {
        for (var i = 0; i < Count; i++)
        {
            if (_entries[i].Number == number)
            {
                item = _entries[i].Item;
                Array.Copy(_entries, i + 1, _entries, i, Count - i - 1);
                _entries[--Count] = default;
                return true;
            }
        }

        item = default;
        return false;
    }
}
