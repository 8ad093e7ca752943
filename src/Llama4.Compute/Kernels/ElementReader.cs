namespace Llama4.Compute.Kernels;

/// <summary>One element of a checkpoint as fp32.</summary>
internal static unsafe class ElementReader
{
    public static int Bytes(DType type, string name) => type is DType.BF16 or DType.F16 or DType.F32
        ? type.Bytes()
        : throw new ArgumentException($"{name}: weights are BF16, F16 or F32, found {type}");

    public static float Read(void* source, DType type, long index) => type switch
    {
        DType.BF16 => BFloat.Widen(((ushort*)source)[index]),
        DType.F16 => (float)((Half*)source)[index],
        _ => ((float*)source)[index],
    };
}
