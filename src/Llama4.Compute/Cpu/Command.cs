namespace Llama4.Compute.Cpu;

internal enum Operation : byte
{
    Free,
    Complete,
    Stop,
    Upload,
    Copy,
    Download,
    Stamp,
    GatherRows,
    ScatterRows,
    RmsNorm,
    LayerNorm,
    MatMul,
    GroupedMatMul,
    Add,
    AddRow,
    SwiGlu,
    Gelu,
    RopeAngles,
    Rope,
    HeadNorm,
    TemperatureScales,
    ScaleRows,
    WriteKv,
    Attention,
    RouteTopOne,
    GroupRows,
    ArgMax,
}

/// <summary>
/// One entry of the queue. A struct in a preallocated ring, so enqueuing allocates nothing; it holds memory, not
/// handles, because a handle may be disposed as soon as the call has returned.
/// </summary>
internal struct Command
{
    public Operation Operation;
    public Values A;
    public Values B;
    public Values C;
    public Values D;
    public object? Object;
    public Completion? Completion;
    public Memory<byte> Destination;
    public CancellationToken Cancellation;
    public AttentionShape Shape;
    public int Int0;
    public int Int1;
    public int Int2;
    public float Float0;
    public float Float1;
}
