namespace Llama4.Gateway.Requests;

/// <summary>How many bytes one body may have, and the bytes that all bodies and pictures hold together while requests are read.</summary>
internal sealed class BodyBudget(GatewayOptions options)
{
    private readonly GatewayLimits _limits = options.Limits;
    private long _held;

    /// <summary>Bytes of one body; past it 413.</summary>
    public int BodyBytesMax { get; } = options.Limits.BodyBytesMax + (options.Tiles is null ? 0 : options.Limits.PictureBodyBytesMax);

    /// <summary>What all hold now.</summary>
    public long HeldBytes => Volatile.Read(ref _held);

    /// <summary>Nothing at first.</summary>
    public Share Open() => new(this);

    /// <summary>What one reader holds, until it is disposed. Its bytes may be taken from several threads.</summary>
    public sealed class Share(BodyBudget budget) : IDisposable
    {
        private long _bytes;

        /// <summary>Takes more.</summary>
        /// <exception cref="ApiError">429: all together would be past <see cref="GatewayLimits.BodyBytesTotalMax"/>.</exception>
        public void Take(long bytes)
        {
            var limits = budget._limits;
            if (Interlocked.Add(ref budget._held, bytes) > limits.BodyBytesTotalMax)
            {
                Interlocked.Add(ref budget._held, -bytes);
                throw ApiError.TooMany($"Requests being read hold {limits.BodyBytesTotalMax} bytes, which is the most.", limits.RetryAfterSeconds);
            }

            Interlocked.Add(ref _bytes, bytes);
        }

        public void Dispose() => Interlocked.Add(ref budget._held, -Interlocked.Exchange(ref _bytes, 0));
    }
}
