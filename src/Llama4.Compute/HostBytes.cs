namespace Llama4.Compute;

/// <summary>
/// A run of host memory (usually a mapped part of a checkpoint file), possibly beyond 2 GiB.
/// It is borrowed until disposed; disposing unmaps it, so that loading keeps little resident.
/// </summary>
public abstract class HostBytes : IDisposable
{
    /// <summary>Address of the first byte. Only Compute dereferences it.</summary>
    public abstract nint Address { get; }

    public abstract long Length { get; }

    public abstract void Dispose();
}

/// <summary>How a weight matrix lies in a checkpoint.</summary>
public enum MatrixLayout : byte
{
    /// <summary>[outputs, inputs] row-major: every Linear.</summary>
    OutIn,

    /// <summary>[inputs, outputs] row-major: the fused experts.</summary>
    InOut,
}

/// <summary>
/// One part of a weight matrix to load. Parts given together are stacked along the outputs
/// (q, k, v become one matrix; gate and up likewise), so all have the same inputs.
/// </summary>
/// <param name="Bytes">The elements, little endian.</param>
/// <param name="DType">Element type in the file: BF16, F16 or F32.</param>
/// <param name="Outputs">Outputs of this part.</param>
/// <param name="Inputs">Inputs; the same in all parts.</param>
/// <param name="Layout">Which index runs fastest.</param>
/// <param name="Name">Tensor name, for error messages.</param>
public sealed record MatrixPart(HostBytes Bytes, DType DType, int Outputs, int Inputs, MatrixLayout Layout, string Name);
