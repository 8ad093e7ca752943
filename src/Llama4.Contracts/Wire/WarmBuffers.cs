using System.Buffers;
using System.Numerics;

namespace Llama4.Contracts;

/// <summary>
/// Buffers of payloads: a few of each size are kept in the order of their return, whichever thread it was, so that the next call gets the
/// one whose bytes are still in a core's cache. The shared pool, which keeps them by thread and core, gives the rest.
/// </summary>
internal static class WarmBuffers
{
    /// <summary>Smaller ones fit a cache anyway.</summary>
    private const int BytesMin = 32 * 1024;

    /// <summary>Of each size: question and answer of two calls under way. With sizes up to 8 MiB at most 64 MiB are kept.</summary>
    private const int Kept = 4;

    private const int BytesMax = 8 << 20;

    private static readonly Stack<byte[]>[] BySize = [.. Enumerable.Range(0, BitOperations.Log2(BytesMax) + 1).Select(_ => new Stack<byte[]>(Kept))];

    /// <summary>At least so many bytes, with unspecified contents.</summary>
    public static byte[] Rent(int bytes)
    {
        if (bytes is >= BytesMin and <= BytesMax)
        {
            var kept = BySize[BitOperations.Log2((uint)bytes - 1) + 1];
            lock (kept)
            {
                if (kept.TryPop(out var warm))
                    return warm;
            }
        }
        return ArrayPool<byte>.Shared.Rent(bytes);
    }

    public static void Return(byte[] buffer)
    {
        if (buffer.Length is >= BytesMin and <= BytesMax && BitOperations.IsPow2(buffer.Length))
        {
            var kept = BySize[BitOperations.Log2((uint)buffer.Length)];
            lock (kept)
            {
                if (kept.Count < Kept)
                {
                    kept.Push(buffer);
                    return;
                }
            }
        }
        ArrayPool<byte>.Shared.Return(buffer);
    }
}
