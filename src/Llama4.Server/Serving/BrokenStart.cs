namespace Llama4.Server.Serving;

/// <summary>A server that is told to stop while it joins or loads has done what was asked of it: that is no failure, as it is none later.</summary>
internal static class BrokenStart
{
    /// <summary>What was started; null where <paramref name="stop"/> came first.</summary>
    public static async Task<T?> NullAsync<T>(Task<T> start, CancellationToken stop)
        where T : class
    {
        try
        {
            return await start;
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            return null;
        }
    }
}
