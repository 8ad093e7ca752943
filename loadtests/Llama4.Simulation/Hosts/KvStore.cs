using Llama4.Contracts;

namespace Llama4.Simulation;

/// <summary>The keys and values of one layer on one host. They are gone with it.</summary>
internal sealed class KvStore(int blocks)
{
    private readonly ulong[] _slots = new ulong[blocks * Arithmetic.BlockPositions];
    private long _epoch;

    /// <summary>Writes each row's keys and values and gives what it attends to, in place.</summary>
    /// <returns>What must not have been; null for nothing.</returns>
    public string? Attend(StepPlan step, KvTables tables, ulong[] rows)
    {
        if (step.Epoch < _epoch)
            return $"step {step.Step} of epoch {step.Epoch} wrote keys and values after one of epoch {_epoch}";
        _epoch = step.Epoch;
        for (var row = 0; row < rows.Length; row++)
        {
            var (line, key) = (tables.RowSlots[2 * row], tables.RowSlots[(2 * row) + 1]);
            _slots[Slot(tables, line, key)] = rows[row];
            var attended = 0UL;
            for (var seen = 0; seen <= key; seen++)
                attended += Arithmetic.Attended(_slots[Slot(tables, line, seen)], seen);
            rows[row] = Arithmetic.Attend(rows[row], attended);
        }
        return null;
    }

    /// <summary>Whole blocks as they are now, one behind the other.</summary>
    public Rows Read(int[] blocks) =>
        Numbers.ToRows([.. blocks.SelectMany(block => _slots.Skip(block * Arithmetic.BlockPositions).Take(Arithmetic.BlockPositions))]);

    public void Write(int[] blocks, Rows page)
    {
        var numbers = Numbers.From(page);
        for (var i = 0; i < blocks.Length; i++)
            Array.Copy(numbers, i * Arithmetic.BlockPositions, _slots, blocks[i] * Arithmetic.BlockPositions, Arithmetic.BlockPositions);
    }

    private static int Slot(KvTables tables, int line, int key) =>
        (tables.BlockTables[(line * tables.Width) + (key / Arithmetic.BlockPositions)] * Arithmetic.BlockPositions) + (key % Arithmetic.BlockPositions);
}
