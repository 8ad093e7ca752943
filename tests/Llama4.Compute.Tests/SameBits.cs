namespace Llama4.Compute.Tests;

/// <summary>Equality bit for bit, reporting the first difference: zeros differ by sign and NaNs by payload.</summary>
internal static class SameBits
{
    public static void ShouldBeBits(this float[] found, float[] expected, string what)
    {
        found.Length.ShouldBe(expected.Length, what);
        for (int i = 0; i < found.Length; i++)
        {
            if (BitConverter.SingleToInt32Bits(found[i]) != BitConverter.SingleToInt32Bits(expected[i]))
            {
                Assert.Fail($"{what}: element {i} is {found[i]:R}, expected {expected[i]:R}");
            }
        }
    }
}
