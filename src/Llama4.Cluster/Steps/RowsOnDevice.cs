using System.Runtime.InteropServices;
using Llama4.Compute;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Steps;

/// <summary>Between the wire's types of rows and the device's.</summary>
internal static class RowsOnDevice
{
    /// <summary>The wire's name for what activations are kept in.</summary>
    public static RowsType RowsType(this ComputeMode mode) => mode == ComputeMode.Bf16 ? Contracts.RowsType.BF16 : Contracts.RowsType.F32;

    /// <summary>Raw row-major elements of the tensor's own type.</summary>
    public static void UploadBytes(this IDevice device, ReadOnlySpan<byte> values, Tensor destination)
    {
        if (destination.DType == DType.BF16)
            device.Upload(MemoryMarshal.Cast<byte, ushort>(values), destination);
        else
            device.Upload(MemoryMarshal.Cast<byte, float>(values), destination);
    }
}
