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

    private readonly LastUsed<string, Kept> _byDigest = new();
    private readonly Dictionary<string, Task<Kept>> _making = [];
    private long _bytes;

    /// <param name="make">Called where the picture is neither kept nor being made; its rows are disposed here.</param>
    /// <returns>A copy, as an answer: its receiver disposes it.</returns>
    public async ValueTask<Rows> GetAsync(ReadOnlyMemory<byte> digest, Func<Task<Rows>> make)
    {
        var name = Convert.ToHexString(digest.Span);
        if (_byDigest.Find(name) is { } found)
            return found.AsAnswer();
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
            var kept = new Kept(rows.Type, rows.Count, rows.Width, ((PooledPayload)rows.Payload).Span.ToArray());
            Keep(name, kept);
            return kept;
        }
        finally
        {
            _making.Remove(name);
        }
    }

    private void Keep(string name, Kept kept)
    {
        _byDigest.Add(name, kept);
        _bytes += kept.Values.Length;
        // The one just made stays however large it is.
        while (_bytes > bytesMax && _byDigest.Count > 1)
            _bytes -= _byDigest.RemoveOldest().Values.Length;
    }

    private sealed record Kept(RowsType Type, int Count, int Width, byte[] Values)
    {
        public Rows AsAnswer()
        {
            var payload = PooledPayload.Rent(Values.Length);
            Values.CopyTo(payload.Span);
            return new Rows(Type, Count, Width, default, default, payload).AsAnswer();
        }
    }
}
