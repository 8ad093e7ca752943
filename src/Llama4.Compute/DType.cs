namespace Llama4.Compute;

/// <summary>Element types. F16 occurs in checkpoints only: no operation computes in it.</summary>
public enum DType : byte
{
    F32 = 1,
    BF16 = 2,
    F16 = 3,
    I32 = 4,
}

public static class DTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Bytes(this DType type) => type switch
    {
        DType.F32 or DType.I32 => 4,
        DType.BF16 or DType.F16 => 2,
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "unknown element type"),
    };
}
