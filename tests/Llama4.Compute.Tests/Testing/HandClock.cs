using Llama4.Compute.Testing;

namespace Llama4.Compute.Tests.Testing;

/// <summary>Time that passes when a test says so.</summary>
internal sealed class HandClock : ISimulatedClock
{
    private readonly List<(long TimeNs, TaskCompletionSource Waiting)> _waiting = [];

    public long NowNs { get; private set; }

    public ValueTask UntilAsync(long timeNs)
    {
        if (timeNs <= NowNs)
        {
            return ValueTask.CompletedTask;
        }

        var waiting = new TaskCompletionSource();
        _waiting.Add((timeNs, waiting));
        return new ValueTask(waiting.Task);
    }

    public void AdvanceTo(long timeNs)
    {
        NowNs = timeNs;
        foreach (var (_, waiting) in _waiting.Where(one => one.TimeNs <= timeNs))
        {
            waiting.TrySetResult();
        }
    }
}
