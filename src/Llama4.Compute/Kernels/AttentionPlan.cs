using Llama4.Compute.Cpu;

namespace Llama4.Compute.Kernels;

/// <summary>Queries FirstQuery.. of the run of rows that starts at FirstRow; query i is head i % group of row FirstRow + i / group.</summary>
internal struct AttentionItem
{
    public int FirstRow;
    public int FirstQuery;
    public int Queries;
    public int KvHead;
}

/// <summary>One attention command, shared by all threads.</summary>
internal unsafe struct AttentionPlan
{
    public Values Qkv;
    public Values Y;
    public AttentionShape Shape;

    /// <summary>Query heads of one key/value head.</summary>
    public int Group;

    public KvLayout Layout;
    public byte* Cache;
    public bool Bf16Cache;

    /// <summary>[rows, 2]: table line, key index.</summary>
    public int* Rows;

    public Values Tables;
    public AttentionItem* Items;
    public float* Scratch;

    public readonly int LineOf(int row) => Rows[2 * row];

    public readonly int KeyOf(int row) => Rows[2 * row + 1];

    /// <summary>Keys of a head in the block that holds key index <paramref name="key"/>; its values follow.</summary>
    public readonly byte* KeysOf(int line, int key, int head) =>
        Cache + Tables.Row(line).Integers[key / KvShape.BlockPositions] * Layout.BlockBytes(Shape.KvHeads) + head * Layout.HeadBytes;
}

/// <summary>What one thread keeps of an item, in floats.</summary>
internal readonly unsafe struct AttentionScratch(float* memory, int headDim)
{
    /// <summary>Queries of an item: four tiles of twelve share every load of keys and values.</summary>
    public const int QueriesMax = 4 * MatMulShapes.TileRows;

    /// <summary>[queries, XStride] queries as fp32.</summary>
    public float* Queries => memory;

    /// <summary>[queries, XStride] scores of one run, then their exponentials.</summary>
    public float* Scores => Queries + QueriesMax * Tiles.XStride;

    /// <summary>[queries, OutputStride] weighted values so far.</summary>
    public float* Outputs => Scores + QueriesMax * Tiles.XStride;

    /// <summary>[queries, OutputStride] weighted values of one run.</summary>
    public float* RunOutputs => Outputs + QueriesMax * OutputStride;

    /// <summary>[queries, 16] sums of exponentials so far, lane by lane.</summary>
    public float* Sums => RunOutputs + QueriesMax * OutputStride;

    /// <summary>[queries] greatest scores so far.</summary>
    public float* Greatest => Sums + QueriesMax * 16;

    /// <summary>[queries] factor of what came before.</summary>
    public float* Factors => Greatest + QueriesMax;

    /// <summary>Panels of a head's components, to a multiple of four: tiles may write that far.</summary>
    public int OutputStride => StrideOf(headDim);

    public static long FloatsOfThread(int headDim) =>
        QueriesMax * (2L * Tiles.XStride + 2 * StrideOf(headDim) + 16 + 2);

    private static int StrideOf(int headDim) => (headDim + 63) / 64 * 64;
}
