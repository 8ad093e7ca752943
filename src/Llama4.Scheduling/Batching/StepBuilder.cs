using Llama4.Contracts;

namespace Llama4.Scheduling;

/// <summary>
/// Writes a step down. The block tables of a committed step are used again when the next one has the same size (their width is
/// rounded up to a power of two for that), so that decoding allocates nothing in proportion to a sequence's length.
/// </summary>
internal sealed class StepBuilder
{
    private const int SparesMax = 16;
    private readonly List<(Sequence Sequence, int Rows)> _slices = [];
    private readonly List<int[]> _spares = [];

    public int Slices => _slices.Count;

    public int Rows { get; private set; }

    /// <summary>The next rows of a sequence whose blocks are reserved.</summary>
    public void Add(Sequence sequence, int rows)
    {
        _slices.Add((sequence, rows));
        Rows += rows;
    }

    /// <summary>The step with all slices added since the last; its sequences are in <paramref name="sequences"/> in the same order.</summary>
    public StepPlan Build(long epoch, long step, long[] awaited, int lane, int lanes, out Sequence[] sequences)
    {
        var slices = new SequenceSlice[_slices.Count];
        var tokens = new int[Rows];
        var positions = new int[Rows];
        sequences = new Sequence[_slices.Count];
        var row = 0;
        var logits = 0;
        for (var i = 0; i < slices.Length; i++)
        {
            var (sequence, rows) = _slices[i];
            slices[i] = new SequenceSlice(sequence.Number, row, rows, sequence.Computed, sequence.Samples(rows)) { Forced = sequence.Forced(rows) };
            sequence.Tokens.Slice(sequence.Computed, rows).CopyTo(tokens.AsSpan(row));
            for (var r = 0; r < rows; r++)
            {
                positions[row + r] = sequence.Computed + r;
            }

            logits += slices[i].LogitRows;
            row += rows;
            sequences[i] = sequence;
        }

        var logitRows = new int[logits];
        logits = 0;
        foreach (var slice in slices)
        {
            for (var needed = slice.LogitRows; needed > 0; needed--)
            {
                logitRows[logits++] = slice.FirstRow + slice.Rows - needed;
            }
        }

        var plan = new StepPlan
        {
            Epoch = epoch,
            Step = step,
            Awaited = awaited,
            MicroBatch = lane,
            MicroBatches = lanes,
            Slices = slices,
            TokenIds = tokens,
            Positions = positions,
            Chunked = Tables(sequence => sequence.Chunked),
            Full = Tables(sequence => sequence.Full),
            LogitRows = logitRows,
        };
        _slices.Clear();
        Rows = 0;
        return plan;
    }

    /// <summary>The step is committed: nobody reads it any more.</summary>
    public void Recycle(StepPlan plan)
    {
        Recycle(plan.Chunked.BlockTables);
        Recycle(plan.Full.BlockTables);
    }

    private void Recycle(int[] table)
    {
        if (table.Length > 0)
        {
            if (_spares.Count == SparesMax)
            {
                _spares.RemoveAt(0);
            }

            _spares.Add(table);
        }
    }

    private KvTables Tables(Func<Sequence, KvBlockTable> tableOf)
    {
        if (!tableOf(_slices[0].Sequence).Kind.Exists)
        {
            return new KvTables([], [], 0);
        }

        var width = 1;
        foreach (var (sequence, _) in _slices)
        {
            width = Math.Max(width, tableOf(sequence).Blocks.Count);
        }

        width = (int)System.Numerics.BitOperations.RoundUpToPowerOf2((uint)width);
        var rowSlots = new int[2 * Rows];
        var blocks = Rent(width * _slices.Count);
        var at = 0;
        for (var line = 0; line < _slices.Count; line++)
        {
            var (sequence, rows) = _slices[line];
            var table = tableOf(sequence);
            table.CopyTo(blocks.AsSpan(line * width, width));
            for (var r = 0; r < rows; r++)
            {
                rowSlots[at++] = line;
                rowSlots[at++] = sequence.Computed + r - table.FirstPosition;
            }
        }

        return new KvTables(rowSlots, blocks, width);
    }

    private int[] Rent(int length)
    {
        for (var i = _spares.Count - 1; i >= 0; i--)
        {
            if (_spares[i].Length == length)
            {
                var spare = _spares[i];
                _spares.RemoveAt(i);
                return spare;
            }
        }

        return new int[length];
    }
}
