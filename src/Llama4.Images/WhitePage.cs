namespace Llama4.Images;

/// <summary>Transparent pixels are seen on white.</summary>
internal static class WhitePage
{
    /// <summary>The channel <paramref name="level"/> at opacity <paramref name="alpha"/> (0 to 255) over white, correctly rounded.</summary>
    public static byte Under(int level, int alpha)
    {
        var sum = level * alpha + 255 * (255 - alpha) + 128;
        return (byte)((sum + (sum >> 8)) >> 8);
    }
}
