using Llama4.Compute;

namespace Llama4.Model;

/// <summary>What the activations are kept in between operations. Sums are fp32 in both.</summary>
public enum ComputeMode : byte
{
    /// <summary>Nothing is rounded: for comparing with the reference.</summary>
    Fp32,

    /// <summary>Rounded to bf16 after each operation, where the model was trained to round: for serving.</summary>
    Bf16,
}

public static class ComputeModes
{
    /// <summary>Type of the rows.</summary>
    public static DType Activations(this ComputeMode mode) => mode == ComputeMode.Bf16 ? DType.BF16 : DType.F32;

    /// <summary>How a weight of the file is kept: bf16 weights are exact in bf16 in either mode; others only where rounding is meant.</summary>
    public static DType Storage(this ComputeMode mode, DType stored) =>
        stored == DType.BF16 || mode == ComputeMode.Bf16 ? DType.BF16 : DType.F32;
}
