using Llama4.Contracts;

namespace Llama4.Cluster.Images;

/// <summary>
/// Rows of pictures by the digest of their tiles, the last used ones within a bound of bytes. One caller at a time; its awaits interleave: a picture
/// that is being made is waited for, not made again.
/// </summary>
internal sealed class KeptImages(long bytesMax)
{
    /// <summary>Some 20 pictures of 17 tiles of Scout.</summary>
    public const long BytesMaxDefault = 512L << 20;

    private readonly Dictionary<string, LinkedListNode<Kept>> _byDigest = [];

    /// <summary>The last used first.</summary>
    private readonly LinkedList<Kept> _all = [];
    private readonly Dictionary<string, Task<Kept>> _making = [];
    private long _bytes;

    /// <param name="make">Called where the picture is neither kept nor being made; its rows are disposed here.</param>
    /// <returns>A copy, as an answer: its receiver disposes it.</returns>
    public async ValueTask<Rows> GetAsync(ReadOnlyMemory<byte> digest, Func<Task<Rows>> make)
    {
        var name = Convert.ToHexString(digest.Span);
        if (_byDigest.TryGetValue(name, out var found))
        {
            _all.Remove(found);
            _all.AddFirst(found);
            return found.Value.AsAnswer();
        }
        if (!_making.TryGetValue(name, out var making))
        {
            making = MakeAsync(name, make);
            if (!making.IsCompleted)
                _making.Add(name, making);
        }
        return (await making).AsAnswer();
    }

    private async Task<Kept> MakeAsync(string name, Func<Task<Rows>> make)
    {
        try
        {
            using var rows = await make();
            var kept = new Kept(name, rows.Type, rows.Count, rows.Width, ((PooledPayload)rows.Payload).Span.ToArray());
            Keep(kept);
            return kept;
        }
        finally
        {
            _making.Remove(name);
        }
    }

    private void Keep(Kept kept)
    {
        _byDigest.Add(kept.Name, _all.AddFirst(kept));
        _bytes += kept.Values.Length;
        // The one just made stays however large it is.
        while (_bytes > bytesMax && _all.Count > 1)
        {
            var oldest = _all.Last!.Value;
            _all.RemoveLast();
            _byDigest.Remove(oldest.Name);
            _bytes -= oldest.Values.Length;
        }
    }

    private sealed record Kept(string Name, RowsType Type, int Count, int Width, byte[] Values)
    {
        public Rows AsAnswer()
        {
            var payload = PooledPayload.Rent(Values.Length);
            Values.CopyTo(payload.Span);
            return new Rows(Type, Count, Width, default, default, payload).AsAnswer();
        }
    }
}
