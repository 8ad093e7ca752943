namespace Llama4.Cluster.Pipeline;

/// <summary>
/// Lets so many micro-batches into a stage at once, the others in the order they came. Without it those that come together stay together: their layers alternate on
/// the stage's device, all of them leave it at the end, and the stages behind and before it have nothing to do meanwhile. One caller at a time (a grain's scheduler).
/// </summary>
internal sealed class StageDoor
{
    private readonly Queue<TaskCompletionSource> _waiting = [];

    /// <summary>Micro-batches in the stage.</summary>
    public int Inside { get; private set; }

    /// <param name="most">That may be inside, this one included; at least one.</param>
    public ValueTask EnterAsync(int most)
    {
        if (Inside < most && _waiting.Count == 0)
        {
            Inside++;
            return ValueTask.CompletedTask;
        }
        var place = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        _waiting.Enqueue(place);
        return new ValueTask(place.Task);
    }

    /// <summary>One has left: the next that waits takes its place, and more of them where more may be inside by now.</summary>
    public void Leave(int most)
    {
        Inside--;
        while (Inside < most && _waiting.TryDequeue(out var next))
        {
            Inside++;
            next.SetResult();
        }
    }

    /// <summary>An equal share of all micro-batches, so that every stage can have its own.</summary>
    /// <param name="microBatches">In flight through all stages; 0 where nobody said.</param>
    public static int Most(int microBatches, int stages) => microBatches == 0 ? int.MaxValue : Math.Max(1, (microBatches + stages - 1) / stages);
}
