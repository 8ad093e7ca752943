namespace Llama4.Contracts;

/// <summary>
/// One pass of a micro-batch through all layers: which sequences, positions and KV blocks, and which rows need logits.
/// Built once by the scheduler and passed by reference inside a host. Rows of one sequence are consecutive and in position
/// order, and never cross an attention chunk's border.
/// </summary>
[GenerateSerializer, Immutable, Alias("llama4.StepPlan")]
public sealed record StepPlan
{
    /// <summary>Epoch of the placement plan this step was made for.</summary>
    [Id(0)] public long Epoch { get; init; }

    /// <summary>Number of the step, counted by the engine.</summary>
    [Id(1)] public required long Step { get; init; }

    /// <summary>Which of the micro-batches in flight this is.</summary>
    [Id(2)] public int MicroBatch { get; init; }

    [Id(3)] public required SequenceSlice[] Slices { get; init; }

    /// <summary>[rows] token ids.</summary>
    [Id(4)] public required int[] TokenIds { get; init; }

    /// <summary>[rows] absolute positions, 0-based.</summary>
    [Id(5)] public required int[] Positions { get; init; }

    /// <summary>Where the rows live in the pools of layers whose attention is cut into chunks.</summary>
    [Id(6)] public required KvTables Chunked { get; init; }

    /// <summary>Where the rows live in the pools of layers that see everything before them.</summary>
    [Id(7)] public required KvTables Full { get; init; }

    /// <summary>Rows whose logits are needed, ascending: the last <see cref="SequenceSlice.LogitRows"/> of every slice.</summary>
    [Id(8)] public required int[] LogitRows { get; init; }

    /// <summary>How many micro-batches the engine wants in flight, this one included; 0 for no say.</summary>
    [Id(9)] public int MicroBatches { get; init; }

    /// <summary>Earlier steps that the engine still waits for, ascending; all others before this one were committed or given up. Null for no say.</summary>
    [Id(12)] public long[]? Awaited { get; init; }

    /// <summary>Most sampled requests of a step that it is told to; those past it have no spans of this step.</summary>
    public const int SpansMax = 16;

    /// <summary>The step as a span in the trace of each of its sampled requests, at most <see cref="SpansMax"/>; null where none is.</summary>
    [Id(11)] public StepSpan[]? Spans { get; init; }

    public int Rows => TokenIds.Length;
}

/// <summary>The rows of one sequence in a step: rows FirstRow..FirstRow+Rows are positions FirstPosition.. of it.</summary>
/// <param name="Sequence">The engine's number for the sequence.</param>
/// <param name="Samples">The last row's logits choose the sequence's next token.</param>
[GenerateSerializer, Immutable, Alias("llama4.SequenceSlice")]
public readonly record struct SequenceSlice(
    [property: Id(0)] long Sequence,
    [property: Id(1)] int FirstRow,
    [property: Id(2)] int Rows,
    [property: Id(3)] int FirstPosition,
    [property: Id(4)] bool Samples)
{
    /// <summary>Rows whose logits are wanted for the log-probability of the prompt's next token, which is known: the last but the one that samples.</summary>
    [Id(5)]
    public int Forced { get; init; }

    /// <summary>Rows whose logits are needed; the last ones.</summary>
    public int LogitRows => Forced + (Samples ? 1 : 0);

    /// <summary>Position of the first row that is forced, if any is.</summary>
    public int FirstForced => FirstPosition + Rows - LogitRows;
}

/// <summary>A step in the trace of one of its requests.</summary>
/// <param name="FirstRow">Of the request's rows in the step.</param>
[GenerateSerializer, Immutable, Alias("llama4.StepSpan")]
public sealed record StepSpan([property: Id(0)] SpanParent Span, [property: Id(1)] int FirstRow, [property: Id(2)] int Rows);

/// <summary>Block tables of one kind of layer, in the form the device takes them.</summary>
/// <param name="RowSlots">[rows, 2]: (line of BlockTables, key index = position − first position the line covers).</param>
/// <param name="BlockTables">[sequences, Width] block numbers, padded with 0.</param>
/// <param name="Width">Entries of a line.</param>
[GenerateSerializer, Immutable, Alias("llama4.KvTables")]
public sealed record KvTables(
    [property: Id(0)] int[] RowSlots,
    [property: Id(1)] int[] BlockTables,
    [property: Id(2)] int Width);
