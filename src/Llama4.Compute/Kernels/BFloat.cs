namespace Llama4.Compute.Kernels;

/// <summary>bf16 as raw bits: the upper half of an fp32.</summary>
internal static class BFloat
{
    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>To nearest even; NaN stays NaN (its quiet bit is set, so that cutting cannot make it infinite).</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        return float.IsNaN(value)
            ? (ushort)((bits | 0x00400000u) >> 16)
            : (ushort)((bits + 0x7FFFu + ((bits >> 16) & 1)) >> 16);
    }

    public static float RoundTrip(float value) => Widen(Round(value));
}
