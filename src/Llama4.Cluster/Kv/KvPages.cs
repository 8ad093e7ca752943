using Llama4.Compute;
using Llama4.Contracts;

namespace Llama4.Cluster.Kv;

/// <summary>Whole KV blocks between a device and the wire: a row of a page is a block, raw, as the device lays it out.</summary>
internal static class KvPages
{
    /// <returns>[blocks, elements of a block]; the caller's.</returns>
    public static async ValueTask<Rows> DownloadPageAsync(this IDevice device, KvCache cache, int[] blocks)
    {
        var payload = PooledPayload.Rent(checked(blocks.Length * cache.BlockBytes));
        try
        {
            await device.DownloadBlocksAsync(cache, blocks, payload.Bytes);
            return new Rows(TypeOf(cache), blocks.Length, cache.BlockBytes / cache.Shape.DType.Bytes(), default, default, payload);
        }
        catch
        {
            payload.Dispose();
            throw;
        }
    }

    /// <param name="page">Stays the caller's.</param>
    /// <exception cref="RowsFormatException">It is not a page of this many blocks of such a cache.</exception>
    public static void UploadPage(this IDevice device, KvCache cache, int[] blocks, Rows page)
    {
        var width = cache.BlockBytes / cache.Shape.DType.Bytes();
        if (page.Type != TypeOf(cache) || page.Count != blocks.Length || page.Width != width)
            throw new RowsFormatException($"expected {blocks.Length} KV blocks of {width} {TypeOf(cache)} values, found {page.Count} of {page.Width} {page.Type}");
        device.UploadBlocks(((PooledPayload)page.Payload).Span, cache, blocks);
    }

    private static RowsType TypeOf(KvCache cache) => cache.Shape.DType == DType.BF16 ? RowsType.BF16 : RowsType.F32;
}
