using Llama4.Compute;
using Llama4.Contracts;

namespace Llama4.Model;

/// <summary>Which rows of a step get logits.</summary>
public enum LogitRows : byte
{
    None,

    /// <summary>The last row of every slice: what chooses the next token.</summary>
    Last,

    All,
}

/// <summary>Consecutive tokens of one sequence.</summary>
/// <param name="Sequence">0-based.</param>
/// <param name="FirstPosition">Position of the first id.</param>
public readonly record struct DirectSlice(int Sequence, int FirstPosition, ReadOnlyMemory<int> Ids);

/// <summary>
/// Step plans for a fixed number of sequences, each with a run of blocks of its own in both kinds of pool: no allocation,
/// no sharing. A chunked layer's run holds one chunk and is written over when the next begins.
/// </summary>
public sealed class DirectSteps
{
    private static readonly KvTables NoTables = new([], [], 0);

    private readonly Llama4Config _config;
    private readonly int _chunkBlocks;
    private readonly int _fullBlocks;
    private long _steps;

    public DirectSteps(Llama4Config config, int sequences, int positionsMax)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(sequences, 1);
        ArgumentOutOfRangeException.ThrowIfLessThan(positionsMax, 1);
        _config = config;
        Sequences = sequences;
        PositionsMax = positionsMax;
        _chunkBlocks = Blocks(Math.Min(config.AttentionChunk ?? int.MaxValue, positionsMax));
        _fullBlocks = Blocks(positionsMax);
        _ = checked(_fullBlocks * sequences);
    }

    public int Sequences { get; }

    public int PositionsMax { get; }

    /// <summary>Blocks of a pool of layers with this mask.</summary>
    public int KvBlocks(AttentionMask mask) => Sequences * (mask == AttentionMask.Chunked ? _chunkBlocks : _fullBlocks);

    /// <summary>How many rows from this position on one slice may have: up to the end of its attention chunk.</summary>
    public int RowsToBorder(int position) =>
        _config is { HasChunkedLayers: true, AttentionChunk: { } chunk } ? chunk - position % chunk : int.MaxValue;

    /// <summary>One step with these slices.</summary>
    /// <exception cref="ArgumentException">A slice is empty, crosses a chunk's border or the last position, or a sequence occurs twice or not at all here.</exception>
    public StepPlan Plan(IReadOnlyList<DirectSlice> slices, LogitRows logits)
    {
        var rows = slices.Sum(slice => slice.Ids.Length);
        var sequenceSlices = new SequenceSlice[slices.Count];
        var ids = new int[rows];
        var positions = new int[rows];
        var row = 0;
        for (var i = 0; i < slices.Count; i++)
        {
            var slice = slices[i];
            Check(slices, i);
            sequenceSlices[i] = new SequenceSlice(slice.Sequence, row, slice.Ids.Length, slice.FirstPosition, logits != LogitRows.None);
            slice.Ids.Span.CopyTo(ids.AsSpan(row));
            for (var k = 0; k < slice.Ids.Length; k++)
                positions[row++] = slice.FirstPosition + k;
        }
        return new StepPlan
        {
            Step = _steps++,
            Slices = sequenceSlices,
            TokenIds = ids,
            Positions = positions,
            Chunked = _config is { HasChunkedLayers: true, AttentionChunk: { } chunk }
                ? Tables(sequenceSlices, positions, _chunkBlocks, position => position - position % chunk)
                : NoTables,
            Full = _config.HasFullLayers ? Tables(sequenceSlices, positions, _fullBlocks, _ => 0) : NoTables,
            LogitRows = logits switch
            {
                LogitRows.None => [],
                LogitRows.Last => Array.ConvertAll(sequenceSlices, slice => slice.FirstRow + slice.Rows - 1),
                _ => [.. Enumerable.Range(0, rows)],
            },
        };
    }

    /// <summary>The steps that bring ids into one sequence, each of at most <paramref name="rowsMax"/> rows and within one attention chunk.</summary>
    /// <param name="logits"><see cref="LogitRows.Last"/>: of the last step only.</param>
    public IEnumerable<StepPlan> Prefill(int sequence, int firstPosition, ReadOnlyMemory<int> ids, int rowsMax, LogitRows logits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(rowsMax, 1);
        for (var done = 0; done < ids.Length;)
        {
            var position = firstPosition + done;
            var rows = Math.Min(Math.Min(rowsMax, ids.Length - done), RowsToBorder(position));
            var wanted = logits == LogitRows.Last && done + rows < ids.Length ? LogitRows.None : logits;
            yield return Plan([new DirectSlice(sequence, position, ids.Slice(done, rows))], wanted);
            done += rows;
        }
    }

    /// <summary>One row for each of some sequences, with logits.</summary>
    /// <param name="next">[n] sequence, position and id of each row.</param>
    public StepPlan Decode(IReadOnlyList<(int Sequence, int Position, int Id)> next) =>
        Plan([.. next.Select(row => new DirectSlice(row.Sequence, row.Position, new[] { row.Id }))], LogitRows.Last);

    private static int Blocks(int positions) => (int)(((long)positions + KvShape.BlockPositions - 1) / KvShape.BlockPositions);

    private void Check(IReadOnlyList<DirectSlice> slices, int index)
    {
        var (sequence, first, ids) = slices[index];
        if ((uint)sequence >= (uint)Sequences || slices.Take(index).Any(other => other.Sequence == sequence))
            throw new ArgumentException($"slice {index} is of sequence {sequence}: each of 0..{Sequences - 1} may occur once");
        if (first < 0 || ids.IsEmpty || ids.Length > PositionsMax - first || ids.Length > RowsToBorder(first))
        {
            throw new ArgumentException(
                $"slice {index} has positions {first}..{first}+{ids.Length}: at least one, below {PositionsMax}, and no more than {RowsToBorder(first)} to the end of the attention chunk");
        }
    }

    /// <param name="sequenceBlocks">Blocks of a sequence's run.</param>
    /// <param name="lineStart">First position that the line of a slice at some position covers.</param>
    private static KvTables Tables(SequenceSlice[] slices, int[] positions, int sequenceBlocks, Func<int, int> lineStart)
    {
        var starts = Array.ConvertAll(slices, slice => lineStart(slice.FirstPosition));
        var width = slices.Select((slice, line) => Blocks(slice.FirstPosition + slice.Rows - starts[line])).Max();
        var slots = new int[positions.Length * 2];
        var tables = new int[slices.Length * width];
        for (var line = 0; line < slices.Length; line++)
        {
            var slice = slices[line];
            for (var row = slice.FirstRow; row < slice.FirstRow + slice.Rows; row++)
                (slots[2 * row], slots[2 * row + 1]) = (line, positions[row] - starts[line]);
            var used = Blocks(slice.FirstPosition + slice.Rows - starts[line]);
            for (var block = 0; block < used; block++)
                tables[line * width + block] = (int)slice.Sequence * sequenceBlocks + block;
        }
        return new KvTables(slots, tables, width);
    }
}
