using Llama4.Cluster.Steps;

namespace Llama4.Cluster.Pipeline;

/// <summary>
/// Lets so many micro-batches into a stage at once, the others in the order they came. Without it those that come together stay together: their layers alternate on
/// the stage's device, all of them leave it at the end, and the stages behind and before it have nothing to do meanwhile. One caller at a time (a grain's scheduler).
/// </summary>
internal sealed class StageDoor
{
    private readonly Queue<((long Epoch, long Number) Step, TaskCompletionSource Place)> _waiting = [];
    private readonly HashSet<(long Epoch, long Number)> _inside = [];

    /// <summary>Micro-batches in the stage that somebody waits for.</summary>
    public int Inside => _inside.Count;

    /// <param name="awaited">Earlier steps that its engine still waits for: others, which may be stuck here for long, take no place any more. Null for no say.</param>
    /// <param name="most">That may be inside, this one included; at least one.</param>
    public ValueTask EnterAsync((long Epoch, long Number) step, long[]? awaited, int most)
    {
        if (awaited is not null)
        {
            GiveUp(earlier => GivenUp.Is(earlier, step, awaited));
            LetIn(most);
        }
        if (Inside < most && _waiting.Count == 0)
        {
            _inside.Add(step);
            return ValueTask.CompletedTask;
        }
        var place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue((step, place));
        return new ValueTask(place.Task);
    }

    /// <summary>One has left: the next that waits takes its place, and more of them where more may be inside by now.</summary>
    public void Leave((long Epoch, long Number) step, int most)
    {
        _inside.Remove(step);
        LetIn(most);
    }

    /// <summary>Those that wait go in past the others: attention refuses them.</summary>
    private void GiveUp(Predicate<(long Epoch, long Number)> isGivenUp)
    {
        _inside.RemoveWhere(isGivenUp);
        for (var left = _waiting.Count; left > 0; left--)
        {
            var next = _waiting.Dequeue();
            if (isGivenUp(next.Step))
                next.Place.SetResult();
            else
                _waiting.Enqueue(next);
        }
    }

    private void LetIn(int most)
    {
        while (Inside < most && _waiting.TryDequeue(out var next))
        {
            _inside.Add(next.Step);
            next.Place.SetResult();
        }
    }

    /// <summary>An equal share of all micro-batches, so that every stage can have its own.</summary>
    /// <param name="microBatches">In flight through all stages; 0 where nobody said.</param>
    public static int Most(int microBatches, int stages) => microBatches == 0 ? int.MaxValue : Math.Max(1, (microBatches + stages - 1) / stages);
}
