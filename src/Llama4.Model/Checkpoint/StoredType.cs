using Llama4.Compute;

namespace Llama4.Model;

/// <summary>Element types of the safetensors format. The text model computes from F32, F16 and BF16; the rest can be read as bytes.</summary>
public enum StoredType : byte
{
    BOOL, U8, I8, F8_E4M3, F8_E5M2, F8_E8M0, I16, U16, F16, BF16, I32, U32, F32, I64, U64, F64,
}

public static class StoredTypes
{
    /// <summary>Bytes of one element.</summary>
    public static int Bytes(this StoredType type) => type switch
    {
        <= StoredType.F8_E8M0 => 1,
        <= StoredType.BF16 => 2,
        <= StoredType.F32 => 4,
        _ => 8,
    };

    /// <summary>The device's word for a type that weights may have; null for the others.</summary>
    public static DType? AsDType(this StoredType type) => type switch
    {
        StoredType.F32 => DType.F32,
        StoredType.F16 => DType.F16,
        StoredType.BF16 => DType.BF16,
        _ => null,
    };

    internal static bool TryParse(string name, out StoredType type) =>
        Enum.TryParse(name, out type) && Enum.GetName(type) == name;
}
