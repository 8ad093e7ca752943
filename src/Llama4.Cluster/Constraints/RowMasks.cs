using Llama4.Cluster.Steps;
using Llama4.Contracts;
using Llama4.Model;

namespace Llama4.Cluster.Constraints;

/// <summary>The masks of a step's rows, which may still be on their way.</summary>
/// <param name="pending">[rows]; null for a row without a constraint. Disposed with this.</param>
/// <param name="madeWithin">How long they are waited for; null for a minute: the worst take a second or two of one core, so past it something is wrong.</param>
internal sealed class RowMasks(Task<RowMask>?[] pending, TimeSpan? madeWithin = null) : IDisposable
{
    private readonly TimeSpan _madeWithin = madeWithin ?? TimeSpan.FromMinutes(1);

    /// <summary>A row's mask; null without a constraint, and where none could be made.</summary>
    public RowMask? this[int row] => pending[row] is { IsCompletedSuccessfully: true } made ? made.Result : null;

    /// <summary>Waits for all of them, but not for ever. Those that could not be made by then fail their own row only.</summary>
    public async Task MadeAsync() => await Task.WhenAll(pending.OfType<Task>()).WaitAsync(_madeWithin).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);

    /// <summary>Draws under a row's mask, or says why nothing can be drawn.</summary>
    public DrawnToken Draw(int row, ReadOnlySpan<float> logits, in TokenDraw draw)
    {
        if (this[row] is not { } mask)
            return Failed(pending[row]!.Exception?.InnerException!.Message ?? $"its mask was not made within {_madeWithin.TotalSeconds} s");
        if (mask.Error is { } error)
            return Failed(error);
        try
        {
            return Sampler.Draw(logits, draw, mask.Mask);
        }
        catch (InvalidOperationException nothing)
        {
            return NothingDrawn.Under(logits, Stopped($"of the tokens that the constraint allows none can be drawn: {nothing.Message}"));
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

    private static DrawnToken Failed(string error) => new(-1, null, null, Stopped(error));

    private static string Stopped(string error) => $"Constrained decoding stopped: {error}";
}
