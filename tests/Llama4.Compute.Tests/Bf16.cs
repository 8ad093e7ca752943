namespace Llama4.Compute.Tests;

/// <summary>bf16 by its definition, independent of the code under test.</summary>
internal static class Bf16
{
    public static float Widen(ushort bits) => BitConverter.UInt32BitsToSingle((uint)bits << 16);

    /// <summary>The nearer of the two neighbours; the even one of equally near.</summary>
    public static ushort Round(float value)
    {
        uint bits = BitConverter.SingleToUInt32Bits(value);
        var low = (ushort)(bits >> 16);
        uint rest = bits & 0xFFFF;
        if (float.IsNaN(value))
        {
            return (ushort)(low | 0x40);
        }

        bool up = rest > 0x8000 || (rest == 0x8000 && (low & 1) == 1);
        return (ushort)(low + (up ? 1 : 0));
    }

    public static float RoundTrip(float value) => Widen(Round(value));
}
