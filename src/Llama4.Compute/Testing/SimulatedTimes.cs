namespace Llama4.Compute.Testing;

/// <summary>What an operation is, as far as its time goes.</summary>
public enum SimulatedKind : byte
{
    /// <summary>Small ones: norms, rotations, additions, copies.</summary>
    Other,

    MatMul,

    /// <summary>Softmax over keys and values: once a layer.</summary>
    Attention,

    /// <summary>Gate and up of the routed experts: once a batch of a group.</summary>
    ExpertsIn,

    /// <summary>Down of the routed experts.</summary>
    ExpertsOut,

    /// <summary>Between host and device.</summary>
    Transfer,
}

/// <param name="Rows">That are computed: of an expert group, those that chose one of its experts.</param>
/// <param name="Bytes">Read and written, weights included.</param>
public readonly record struct SimulatedOperation(SimulatedKind Kind, int Rows, double Bytes, double Flops);

/// <summary>How long operations take.</summary>
public abstract class SimulatedTimes
{
    public abstract double Seconds(in SimulatedOperation operation);

    protected internal static long Nanoseconds(double seconds) => (long)Math.Round(seconds * 1e9);
}

/// <summary>
/// A given time for a layer's attention and one for its experts, and none for all else. Given for so many rows and in proportion to them: how often
/// rows are cut into micro-batches, or merged, changes nothing in the work of a device.
/// </summary>
/// <param name="AttentionS">Of a micro-batch of <paramref name="Rows"/> and a layer.</param>
/// <param name="ExpertsS">Likewise, over all experts of the layer.</param>
public sealed class GivenTimes(double AttentionS, double ExpertsS, int Rows) : SimulatedTimes
{
    public override double Seconds(in SimulatedOperation operation) => operation.Kind switch
    {
        SimulatedKind.Attention => AttentionS * operation.Rows / Rows,
        SimulatedKind.ExpertsIn => ExpertsS * operation.Rows / Rows,
        _ => 0,
    };
}

/// <summary>The roofline of a device: the longer of what its memory and what its arithmetic take, and the launch.</summary>
/// <param name="BytesPerS">Memory bandwidth.</param>
/// <param name="LaunchS">Of each operation, queued behind another: some 2 us on a GPU.</param>
public sealed class RooflineTimes(double BytesPerS, double FlopsPerS, double LaunchS = RooflineTimes.LaunchDefaultS) : SimulatedTimes
{
    /// <summary>Gap between kernels on a stream: 1 to 3 us on NVIDIA GPUs of the last generations, less within a CUDA graph.</summary>
    public const double LaunchDefaultS = 2e-6;

    public override double Seconds(in SimulatedOperation operation) => LaunchS + Math.Max(operation.Bytes / BytesPerS, operation.Flops / FlopsPerS);
}
