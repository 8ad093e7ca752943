using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Constraints;

/// <summary>The masks of a step's rows, which may still be on their way.</summary>
/// <param name="pending">[rows]; null for a row without a constraint. Disposed with this.</param>
internal sealed class RowMasks(Task<RowMask>?[] pending) : IDisposable
{
    /// <summary>A row's mask; null without a constraint, and where none could be made.</summary>
    public RowMask? this[int row] => pending[row] is { IsCompletedSuccessfully: true } made ? made.Result : null;

    /// <summary>Waits for all of them. Those that could not be made fail their own row only.</summary>
    public Task MadeAsync() => Task.WhenAll(pending.OfType<Task>()).ContinueWith(_ => { }, CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default);

    /// <summary>Draws under a row's mask, or says why nothing can be drawn.</summary>
    public DrawnToken Draw(int row, ReadOnlySpan<float> logits, in TokenDraw draw)
    {
        if (this[row] is not { } mask)
            return Failed(pending[row]!.Exception!.InnerException!.Message);
        if (mask.Error is { } error)
            return Failed(error);
        try
        {
            return Sampler.Draw(logits, draw, mask.Mask);
        }
        catch (InvalidOperationException nothing)
        {
            return Failed($"of the tokens that the constraint allows none can be drawn: {nothing.Message}");
        }
    }

    public void Dispose()
    {
        foreach (var mask in pending)
        {
            if (mask is { IsCompletedSuccessfully: true })
                mask.Result.Dispose();
            else if (mask is not null)
                _ = RowMask.DisposeAsync(mask);
        }
    }

    private static DrawnToken Failed(string error) => new(-1, null, null, $"Constrained decoding stopped: {error}");
}
